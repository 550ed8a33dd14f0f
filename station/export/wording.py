"""The names of quantities, rules and reasons as the report prints them, and how careful it is with each.

What may be claimed, and what may not, follows BIOMECHANICS section 7: no injury risk, no pelvic tilt, no left-right verdict
from one side, no promise of speed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a measure of types.MEASURES is printed: label, unit, decimals, and what it is in one line."""

    label: str
    unit: str
    decimals: int
    meaning: str


QUANTITIES = {
    "cadence_spm": Quantity("Cadence", "steps/min", 1, "steps a minute, both feet"),
    "tle_near_deg": Quantity("Leg behind the hip", "°", 1, "how far the thigh travels behind the vertical, near leg"),
    "thigh_excursion_near_deg": Quantity("Thigh swing", "°", 1, "from the foremost to the rearmost thigh, near leg"),
    "thigh_forward_near_deg": Quantity("Knee drive", "°", 1, "how far the thigh comes forward of the vertical, near leg"),
    "tle_share_near": Quantity("Share of the swing behind the hip", "", 2, "leg behind the hip divided by thigh swing"),
    "trunk_lean_deg": Quantity("Trunk lean", "°", 1, "mean lean of the trunk, forward is plus"),
    "knee_flexion_stance_near_deg": Quantity("Knee bend on the ground", "°", 1, "largest knee bend while the foot carries"),
    "knee_flexion_swing_near_deg": Quantity("Knee bend in the air", "°", 1, "largest knee bend while the leg swings"),
    "retraction_near_pct": Quantity("Pull-back before landing, time", "% of stride", 1, "from the foremost thigh to contact"),
    "retraction_near_deg": Quantity("Pull-back before landing, angle", "°", 1, "how far the thigh has come back at contact"),
    "contact_time_ms": Quantity("Ground contact", "ms", 0, "near foot; a trend, not a laboratory value"),
    "step_length_m": Quantity("Step length", "m", 2, "belt speed divided by step rate"),
    "tle_asymmetry_deg": Quantity("Leg behind, near minus far", "°", 1, "from one side only: no verdict"),
    "step_time_asymmetry_pct": Quantity("Step time, near against far", "%", 1, "from one side only: no verdict"),
    "pelvic_turn_deg": Quantity("Pelvic turn", "°", 1, "once a stride, peak to peak; read it as your own trend"),
    "pelvic_turn_quadrature_deg": Quantity("Pelvic turn, free of the thigh", "°", 1, "what the swinging thigh cannot fake"),
    "pelvic_lead_deg": Quantity("Pelvis ahead of the thigh", "° of stride", 0, "about a quarter stride (90°) is usual"),
    "pelvis_thigh_ratio": Quantity("Pelvic turn per thigh swing", "", 2, "how much of the swing begins at the hip"),
    "pelvic_list_deg": Quantity("Pelvic list", "°", 1, "rise and fall of one hip against the other, once a stride"),
    "pelvic_tilt_deg": Quantity("Pelvic tilt", "°", 1, "rocking forward and back, once a stride; not how it stands"),
}

RULES_IN_WORDS = {
    "locked_waist": ("Still waist", "Let the back pockets travel with each step."),
    "thigh_only_drive": ("Drive from the thigh alone", "Let the back pocket lead, the leg follows."),
    "sitting": ("Sitting while running", "Run tall, and push the belt away behind you."),
    "over_rotation": ("Turning too much", "Smaller, quieter."),
    "low_cadence": ("Slow steps", "Quick, quiet feet."),
    "slow_retraction": ("Late pull-back", "Let the foot come back to meet the belt."),
    "asymmetry": ("Uneven sides", "Film the other side too before you make anything of it."),
}

STATES = {"on": "seen", "ok": "not seen", "cannot_tell": "cannot tell"}

HOW_TO_READ = (
    "Intervals are the 95 % range of your own mean in this recording, widened because one stride resembles the next. The method"
    " itself can be off by more: thigh, knee and trunk angles by 5 to 7 degrees in absolute terms (the foremost thigh by 10), 2"
    " to 3 degrees for a change within a session; cadence by 1 step a minute over 30 seconds."
)
CANNOT = (
    "From one camera at the side this station cannot see how the pelvis stands, hip rotation, or movement to the side, and it"
    " measures no force. It says nothing about injury, and a difference between left and right needs both sides filmed."
)
BELT = (
    "Turn, list and tilt of the pelvis were read from the printed belt. It tells how the belt moves: where belt or skin slip in"
    " step with the stride, that counts as movement of the pelvis, and nothing in the picture shows it."
)
PAIN = "If something hurts, stop and see a clinician. Nothing here is a diagnosis."
PROMISE = (
    "Healthy runners differ a lot, and more is not better. No study has shown that training the turn of the pelvis makes"
    " anybody faster; use this page to see whether what you practise changes what you do."
)
