package dev.likeness.diffusion.internal.cudagraph;

import static org.bytedeco.cuda.global.cudart.cudaGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphLaunch;

import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.global.torch_cuda;

/** A CUDA graph that is ready to run, with the memory that it runs in. */
record CudaRecording(
    CUgraphExec_st graph,
    byte device,
    DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool)
    implements Recorder.Recording {
  @Override
  public void replay() {
    CudaGraphCapture.check(
        cudaGraphLaunch(graph, torch_cuda.getCurrentCUDAStream(device).stream()), "launch");
  }

  /** Frees the graph once the card has done with it, and gives its memory back. */
  @Override
  public void close() {
    torch_cuda.device_synchronize();
    try {
      CudaGraphCapture.check(cudaGraphExecDestroy(graph), "free");
    } finally {
      torch_cuda.getAllocator().releasePool(device, pool);
    }
  }
}
