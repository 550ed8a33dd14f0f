"""What the station says of its own: a text id to a line. What a rule says stands in the rule's own
file.

Cues point at something outside the body (back pocket, treadmill belt, feet on the ground), never at
the pelvis itself: attention on the effect of a movement teaches it better than attention on the
body part. "Belt" is the treadmill's, "waistband" is worn. No "twist", no "rotate", no alarm, no
promise.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.types import Line

LINES: Mapping[str, Line] = {
    "praise.steady": Line("Keep this", "Good. Keep running like this."),
    # safety
    "safety.rear": Line("Come forward", "Come forward a little.", "You are near the end of the belt"),
    # where the session stands
    "mode.baseline": Line("Just run", "Just run. I watch, and say nothing for a while.", "I watch and say nothing"),
    "mode.coach": Line("Coaching", "Now I help, when there is something to say.", "silence means good"),
    "mode.rest": Line("On your own", "Now on your own.", "no cues in this part"),
    "mode.retention": Line("Last part", "Last part. Keep it, without me.", "keep it, without me"),
    "mode.over": Line("Run on freely", "That is all for today. Run on as you like.", "That is all for today"),
    "mode.done": Line("Done", "Done. Your summary is on the screen.", "Your summary is below"),
    "mode.done_short": Line(
        "Short run", "Done. That was too short to compare, but it is saved.", "Too short to compare, but saved"
    ),
    "mode.lost": Line("View lost", "I cannot see you. Run on, I keep looking.", "Run on, I keep looking"),
    "mode.found": Line("Back in view", "I see you again.", "I see you again"),
    "stick.done": Line("Take the stick", "It is on the stick. You can take it."),
    "voice.off": Line("Voice off", "I am quiet now. Press again to hear me.", "Press again to hear me"),
    "voice.on": Line("Voice on", "I speak again."),
    # before the run
    "framing.step_in": Line("Step into view", "Step onto the belt, where I can see you.", "Head to foot inside the frame"),
    "framing.side_on": Line("Face forward", "Face the front of the treadmill.", "Look to the front of the treadmill"),
    "framing.ready": Line("Ready: run", "Start running when you are ready.", "Start when you like"),
    "drill.offer": Line(
        "Find your hip",
        "Find your hip: palm over the groin, lift a knee. Or just start running.",
        "Palm over the groin, lift one knee. Or just start running.",
    ),
    "drill.near": Line(
        "Lift near knee",
        "Lift the knee on my side, six times. The waistband stays still.",
        "Six times, slowly. The thigh moves, the waistband stays still.",
    ),
    "drill.far": Line(
        "Lift other knee",
        "Now the other knee, six times.",
        "Six times, slowly. The thigh moves, the waistband stays still.",
    ),
    "drill.done": Line("Drill done", "Well done. That was your hip.", "That was your hip"),
    "hip_belt.turn": Line(
        "Turn round once",
        "I see your hip belt. Turn round once, slowly, with the arms a little away.",
        "Slowly, arms a little away from the hip belt. Or just start running.",
    ),
    "hip_belt.learnt": Line("Hip belt learnt", "Well done. I know your hip belt now.", "I know your belt now"),
    "hip_belt.two_belts": Line(
        "One hip belt", "I see two hip belts. I follow the one on the treadmill.", "I follow the one on the treadmill"
    ),
    "hip_belt.upside_down": Line(
        "Turn belt over", "Your hip belt is upside down. The arrows point up.", "The arrows on it point up"
    ),
    "hip_belt.wrong_scale": Line(
        "Check belt size", "Your hip belt was not printed at its true size.", "Print it at 100 %, by the ruler"
    ),
    "hip_belt.covered": Line(
        "Tuck shirt in", "Something covers your hip belt. Tuck your shirt in under it.", "Something covers the hip belt"
    ),
    "hip_belt.slipping": Line(
        "Tighten hip belt", "Your hip belt has moved. Make it tighter.", "It sits elsewhere than at the start"
    ),
    "hip_belt.not_a_belt": Line(
        "Check hip belt",
        "Some tags of your hip belt do not fit. Are they folded or torn?",
        "Some tags do not fit: folded or torn?",
    ),
    "contrast.offer": Line(
        "Lift, or run",
        "Lift a knee twice more for a trial. Or just start running.",
        "Two more knee lifts: feel the difference. Or just start running.",
    ),
    "contrast.ready": Line("Start running", "Start running. I tell you what to try.", "I tell you what to try"),
    "contrast.natural": Line("Run as usual", "Run as you always do.", "The way you always do"),
    "contrast.stiff": Line(
        "Still waistband", "Now keep your waistband quite still, and let only the legs run.", "Only the legs run"
    ),
    "contrast.free": Line(
        "Pockets travel", "Now let the back pockets travel with each step.", "Back pockets move with each step"
    ),
    "contrast.done": Line("That was it", "Well done. That is the difference.", "Well done. That is the difference."),
}
