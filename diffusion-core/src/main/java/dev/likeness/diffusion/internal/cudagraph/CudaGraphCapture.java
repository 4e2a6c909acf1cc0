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
 * Records work as a CUDA graph, as PyTorch's {@code torch.cuda.graph} does: on a stream of its own,
 * after one run that chooses kernels and makes workspaces, with memory that nobody else is given
 * until the recording is closed. Needs {@code org.bytedeco:cuda} and pytorch's natives with the
 * classifier {@code linux-x86_64-gpu}. The work must neither wait for the card nor read host
 * memory.
 */
final class CudaGraphCapture implements GraphRunner.Capture {
  @Override
  public Graph capture(Runnable work) {
    byte device = torch_cuda.current_device();
    CUDAStream own = torch_cuda.getStreamFromPool(false, device);
    CUDAStream before = torch_cuda.getCurrentCUDAStream(device);
    // The preset has another class for a pool's two numbers, whose destructor must not run over
    // them: neither when the scope lets
    // go of it, hence one reference more, nor when it is unreachable, hence out of the collector's
    // sight.
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
        check(cudaGraphInstantiate(exec, graph, 0), "make ready");
        return exec;
      } catch (RuntimeException | Error e) {
        torch_cuda.getAllocator().releasePool(device, pool);
        throw e;
      }
    } finally {
      // What is made ready of it stands for itself; where recording failed there is none.
      if (!graph.isNull()) {
        cudaGraphDestroy(graph);
      }
    }
  }

  private static void capture(Runnable work, CUstream_st stream, CUgraph_st graph) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "begin to record");
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

  /** Which allocations are the recording's: those of its stream. */
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

  /** A CUDA graph that is ready to run, with the memory that it runs in. */
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
}
