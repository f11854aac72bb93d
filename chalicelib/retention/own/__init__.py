"""What this system itself keeps, under the same schedule, holds and sweep as everything else."""
