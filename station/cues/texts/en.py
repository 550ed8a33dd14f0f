"""English.

Cues point at something outside the body (back pocket, treadmill belt, feet on the ground), never at the pelvis itself: attention
on the effect of a movement teaches it better than attention on the body part. "Belt" is the treadmill's, "waistband" is worn.
No "twist", no "rotate", no alarm, no promise.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.cues.texts.line import Line

LINES: Mapping[str, Line] = {
    # what a rule says, and what it says when the fault has gone
    "cue.over_rotation": Line("Smaller, quieter", "Smaller, and quieter."),
    "praise.over_rotation": Line("Quiet now", "Good. Nice and quiet."),
    "cue.sitting": Line("Run tall", "Run tall."),
    "praise.sitting": Line("Tall now", "Good. That is tall."),
    "cue.low_cadence": Line("Quick quiet feet", "Quick, quiet feet."),
    "praise.low_cadence": Line("Quick now", "Good. Quick and quiet."),
    "cue.locked_waist": Line("Pocket leads", "Let the back pocket lead."),
    "praise.locked_waist": Line("Pocket leads now", "Good. The pocket leads."),
    "cue.thigh_only_drive": Line("Push belt away", "Push the belt away behind you."),
    "praise.thigh_only_drive": Line("Good push", "Good. That is the push."),
    "cue.slow_retraction": Line("Step down sooner", "Let the foot come down sooner."),
    "praise.slow_retraction": Line("Sooner now", "Good. The foot comes down sooner."),
    "cue.asymmetry": Line("Even steps", "Listen for even steps."),
    "praise.asymmetry": Line("Even now", "Good. Even steps."),
    "praise.steady": Line("Keep this", "Good. Keep running like this."),
    # safety
    "safety.rear": Line("Come forward", "Come forward a little."),
    # where the session stands
    "mode.baseline": Line("Just run", "Just run. I watch, and say nothing for a while."),
    "mode.coach": Line("Coaching", "Now I help, when there is something to say."),
    "mode.rest": Line("On your own", "Now on your own."),
    "mode.retention": Line("Last part", "Last part. Keep it, without me."),
    "mode.over": Line("Run on freely", "That is all for today. Run on as you like."),
    "mode.done": Line("Done", "Done. Your summary is on the screen."),
    "stick.done": Line("Take the stick", "It is on the stick. You can take it."),
    "mode.done_short": Line("Short run", "Done. That was too short to compare, but it is saved."),
    "mode.lost": Line("View lost", "I cannot see you. Run on, I keep looking."),
    "mode.found": Line("Back in view", "I see you again."),
    "voice.off": Line("Voice off", "I am quiet now. Press again to hear me."),
    "voice.on": Line("Voice on", "I speak again."),
    # before the run
    "framing.step_in": Line("Step into view", "Step onto the belt, where I can see you."),
    "framing.side_on": Line("Face forward", "Face the front of the treadmill."),
    "framing.ready": Line("Ready: run", "Start running when you are ready."),
    "drill.offer": Line("Find your hip", "Find your hip: palm over the groin, lift a knee. Or just start running."),
    "drill.near": Line("Lift near knee", "Lift the knee on my side, six times. The waistband stays still."),
    "drill.far": Line("Lift other knee", "Now the other knee, six times."),
    "drill.done": Line("Drill done", "Well done. That was your hip."),
    "hip_belt.turn": Line("Turn round once", "I see your hip belt. Turn round once, slowly, with the arms a little away."),
    "hip_belt.learnt": Line("Hip belt learnt", "Well done. I know your hip belt now."),
    "hip_belt.two_belts": Line("One hip belt", "I see two hip belts. I follow the one on the treadmill."),
    "hip_belt.upside_down": Line("Turn belt over", "Your hip belt is upside down. The arrows point up."),
    "hip_belt.wrong_scale": Line("Check belt size", "Your hip belt was not printed at its true size."),
    "hip_belt.covered": Line("Tuck shirt in", "Something covers your hip belt. Tuck your shirt in under it."),
    "hip_belt.slipping": Line("Tighten hip belt", "Your hip belt has moved. Make it tighter."),
    "hip_belt.not_a_belt": Line("Check hip belt", "Some tags of your hip belt do not fit. Are they folded or torn?"),
    "contrast.offer": Line("Lift, or run", "Lift a knee twice more for a trial. Or just start running."),
    "contrast.ready": Line("Start running", "Start running. I tell you what to try."),
    "contrast.natural": Line("Run as usual", "Run as you always do."),
    "contrast.stiff": Line("Still waistband", "Now keep your waistband quite still, and let only the legs run."),
    "contrast.free": Line("Pockets travel", "Now let the back pockets travel with each step."),
    "contrast.done": Line("That was it", "Well done. That is the difference."),
}
