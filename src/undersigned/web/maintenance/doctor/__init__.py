"""What an operator asks before and after trouble: is everything here that should be, and is it true?"""

from undersigned.web.maintenance.doctor.examine import examine
from undersigned.web.maintenance.finding import Finding

__all__ = ["Finding", "examine"]
