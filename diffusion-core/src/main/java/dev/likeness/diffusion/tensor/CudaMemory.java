package dev.likeness.diffusion.tensor;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.SizeTPair;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.cuda.DeviceStats;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * Asks a graphics card's driver and libtorch's allocator. Needs {@code org.bytedeco:cuda} and
 * pytorch's natives for it.
 */
final class CudaMemory {
  private CudaMemory() {}

  /** Of {@code cuda} or {@code cuda:1}. */
  static DeviceMemory of(String device) {
    try (TensorScope scope = TensorScope.open()) {
      // The allocator of a device is made with its first tensor.
      Tensor first = torch.zeros(new long[] {1}, new Compute(device, DType.F32).options());
      byte index = first.device().index();
      CUDAAllocator allocator = torch_cuda.getAllocator();
      SizeTPair info = allocator.getMemoryInfo(index);
      DeviceStats stats = allocator.getDeviceStats(index);
      return new DeviceMemory(
          info.second(),
          info.first(),
          stats.allocated_bytes().current(),
          stats.reserved_bytes().current(),
          stats.allocated_bytes().peak());
    }
  }
}
