"""The sentences of the report that are about the method, and how careful it is with each.

What may be claimed, and what may not, follows gait/README.md: no injury risk, no pelvic tilt, no
left-right verdict from one side, no promise of speed.
"""

from __future__ import annotations

STATES = {"on": "seen", "ok": "not seen", "cannot_tell": "cannot tell"}

HOW_TO_READ = (
    "A 95 % interval holds what your strides leave open, and how far the pose model is off from person to person: compare it with"
    " what is usual, or with other people. A change from one part of a session to another is judged by a narrower interval, since"
    " the same camera sees the same person with nearly the same error."
)
HOW_TO_READ_STRIDES = (
    "A 95 % interval holds only what your strides leave open. How far the landmarks themselves are off from person to person is"
    " not known for this recording: it was not seen by a pose model with an error table."
)
CANNOT = (
    "From one camera at the side this station cannot see how the pelvis stands, hip rotation, or movement to the side, and it"
    " measures no force. It says nothing about injury, nor about left against right: the far leg is half hidden."
)
BELT = (
    "Turn, list and tilt of the pelvis were read from the printed belt. It tells how the belt moves: where belt or skin slip in"
    " step with the stride, that counts as movement of the pelvis, and nothing in the frame shows it."
)
PAIN = "If something hurts, stop and see a clinician. Nothing here is a diagnosis."
PROMISE = (
    "Healthy runners differ a lot, and more is not better. No study has shown that training the turn of the pelvis makes"
    " anybody faster; use this page to see whether what you practise changes what you do."
)
