package dev.likeness.diffusion.internal.cudagraph;

import static org.bytedeco.cuda.global.cudart.cudaGetErrorString;
import static org.bytedeco.cuda.global.cudart.cudaGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphInstantiate;
import static org.bytedeco.cuda.global.cudart.cudaGraphLaunch;
import static org.bytedeco.cuda.global.cudart.cudaStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamCaptureModeThreadLocal;
import static org.bytedeco.cuda.global.cudart.cudaStreamEndCapture;
import static org.bytedeco.cuda.global.cudart.cudaSuccess;

import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.MemPool;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * Captures work as a CUDA graph, as PyTorch's {@code torch.cuda.graph} does: on a stream of its
 * own, after one run that chooses kernels and allocates workspaces. The graph's memory is not given
 * to other work until the graph is closed. Needs {@code org.bytedeco:cuda} and PyTorch's natives
 * with the classifier {@code linux-x86_64-gpu}. The work must neither wait for the GPU nor read
 * host memory.
 */
final class CudaGraphCapture implements GraphRunner.Capture {
  @Override
  public Graph capture(Runnable work) {
    byte device = torch_cuda.current_device();
    CUDAStream own = torch_cuda.getStreamFromPool(false, device);
    CUDAStream before = torch_cuda.getCurrentCUDAStream(device);
    // The binding uses another class for a pool's two numbers, whose destructor must not run over
    // them. An additional reference keeps the scope from calling it, and this field keeps the
    // garbage collector from it.
    DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool = MemPool.graph_pool_handle();
    pool.retainReference();
    pool.deallocate(false);
    torch_cuda.device_synchronize();
    torch_cuda.setCurrentCUDAStream(own);
    try {
      work.run();
      torch_cuda.device_synchronize();
      return new ExecutableGraph(captureOnStream(work, own, device, pool), device, pool);
    } finally {
      torch_cuda.setCurrentCUDAStream(before);
    }
  }

  private static CUgraphExec_st captureOnStream(
      Runnable work,
      CUDAStream own,
      byte device,
      DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool) {
    CUstream_st stream = own.stream();
    CUgraph_st graph = new CUgraph_st();
    try (OnStream filter = new OnStream(stream)) {
      torch_cuda.beginAllocateToPool(device, pool, filter);
      try {
        try {
          capture(work, stream, graph);
        } finally {
          torch_cuda.endAllocateToPool(device, pool);
        }
        CUgraphExec_st exec = new CUgraphExec_st();
        check(cudaGraphInstantiate(exec, graph, 0), "instantiate");
        return exec;
      } catch (RuntimeException | Error e) {
        torch_cuda.getAllocator().releasePool(device, pool);
        throw e;
      }
    } finally {
      // The instantiated graph does not need its source. After a failed capture there is none.
      if (!graph.isNull()) {
        cudaGraphDestroy(graph);
      }
    }
  }

  private static void capture(Runnable work, CUstream_st stream, CUgraph_st graph) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "begin to capture");
    try {
      work.run();
    } finally {
      check(cudaStreamEndCapture(stream, graph), "record");
    }
  }

  static void check(int error, String what) {
    if (error != cudaSuccess) {
      throw new IllegalStateException(
          "CUDA could not " + what + " a graph: " + cudaGetErrorString(error).getString());
    }
  }

  /** Selects the allocations of the capture: those of its stream. */
  private static final class OnStream extends StreamFilter {
    private final long address;

    OnStream(Pointer stream) {
      address = stream.address();
    }

    @Override
    public boolean call(Pointer stream) {
      return stream != null && stream.address() == address;
    }
  }

  /** An executable CUDA graph with its memory. */
  record ExecutableGraph(
      CUgraphExec_st graph,
      byte device,
      DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool)
      implements GraphRunner.Capture.Graph {
    @Override
    public void replay() {
      CudaGraphCapture.check(
          cudaGraphLaunch(graph, torch_cuda.getCurrentCUDAStream(device).stream()), "launch");
    }

    /** Frees the graph after the GPU has finished with it, and gives its memory back. */
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
}
