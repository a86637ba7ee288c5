"""Networks: tensors in, tensors out. They import PyTorch and nothing else."""
