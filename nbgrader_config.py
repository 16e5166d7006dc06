"""nbgrader's configuration: for its commands, its buttons in JupyterLab, and ``make grade``.

nbgrader's commands work from this folder and give the marks that ``make grade`` gives::

    nbgrader generate_assignment tokenizer
    nbgrader autograde tokenizer
    nbgrader generate_feedback tokenizer
    nbgrader validate exercises/tokenizer/bpe.ipynb
"""

import os
import sys
import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning

from handtorch_classroom.preprocessors import extend_validator

c = get_config()  # noqa: F821 (traitlets provides it)

root = Path(__file__).resolve().parent
(root / "grading").mkdir(exist_ok=True)  # SQLite makes a file, but no folder
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "handtorch"
c.CourseDirectory.db_url = f"sqlite:///{root / 'grading' / 'gradebook.db'}"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
for step in ("submitted", "autograded", "feedback", "solution", "source_with_tests"):
    c.CourseDirectory[f"{step}_directory"] = f"grading/{step}"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "README.md"]

# Limits of a submission: seconds of processor and sleep (GRADING.md), how many times as long by the
# clock on the wall, and gigabytes of memory and of a file it writes.
c.SafeExecute.timeout = 30
c.SafeExecute.notebook_timeout = 300
c.SafeExecute.patience = 5
c.LimitedKernelManager.memory_gb = 4.0
c.LimitedKernelManager.file_gb = 0.2
c.LimitedKernelManager.processes = 64
# Where submissions run: "auto" takes bubblewrap where it works, "required" does not grade without,
# "off" never takes it. GRADING.md says what each keeps from them.
c.LimitedKernelManager.sandbox = "auto"
# "auto" forks kernels in a sandbox from a process with the libraries imported, "off" never does.
c.LimitedKernelManager.warm = "auto"
c.LimitedKernelManager.hidden = [
    str(root / name) for name in ("exercises", "grading", "solutions", "src", "tests")
]

# solutions/ -> exercises/
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.GenerateAssignment.exporter_class = "handtorch_classroom.preprocessors.ReleaseExporter"
c.GenerateAssignment.preprocessors = [
    "handtorch_classroom.preprocessors.DropInstructorCells",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "handtorch_classroom.preprocessors.TidySources",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "handtorch_classroom.preprocessors.HideTests",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# grading/submitted -> grading/autograded -> grading/feedback
c.Autograde.exporter_class = "handtorch_classroom.preprocessors.SubmissionExporter"
c.Autograde.sanitize_preprocessors = [
    "handtorch_classroom.preprocessors.RestoreExercise",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "handtorch_classroom.preprocessors.SafeExecute",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GenerateFeedback.exporter_class = "handtorch_classroom.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "handtorch_classroom.by_hand.ShowMarks",
    "handtorch_classroom.preprocessors.HideTests",
]

extend_validator()
# nbgrader calls alembic by its bare name when it makes a gradebook.
programs = str(Path(sys.executable).parent)
if programs not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])
# Three kinds of warning a submission, about relations that nbgrader sets up as it means to.
warnings.filterwarnings("ignore", category=SAWarning)
