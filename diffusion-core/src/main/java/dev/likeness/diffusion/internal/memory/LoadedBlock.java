package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.nn.F8Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.cuda.CUDAEvent;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.CUDAStreamGuard;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * The tensors of one module of a file, loaded while the module is used.
 *
 * <p>A GPU copies them in a stream of its own, so that it computes meanwhile. Two rules make this
 * safe. {@link #load} returns when all copies have ended, so other streams may read the tensors.
 * {@link #close} frees them when the GPU has finished the work that was queued before
 * {@link #endUse}, so the next copies may write to their memory.
 */
final class LoadedBlock implements Parameters.Block {
  private final LoadedWeights owner;
  private final Predicate<String> belongs;
  private final BiFunction<String, UnaryOperator<Tensor>, Tensor> loader;
  private final Compute gpu;
  private final TensorRegion region = new TensorRegion();
  private final Map<String, Tensor> tensors = new ConcurrentHashMap<>();
  private final Map<String, F8Linear.Matrix> inF8 = new ConcurrentHashMap<>();
  private volatile CUDAEvent lastUse;

  /**
   * Creates a block that is not loaded yet.
   *
   * @param loader reads a tensor by its name, and applies the function to its numbers on the CPU
   * @param gpu the GPU to which tensors are copied; null if there is nothing to copy
   */
  LoadedBlock(
      LoadedWeights owner,
      Predicate<String> belongs,
      BiFunction<String, UnaryOperator<Tensor>, Tensor> loader,
      Compute gpu) {
    this.owner = owner;
    this.belongs = belongs;
    this.loader = loader;
    this.gpu = gpu;
  }

  @Override
  public void load() {
    if (gpu == null) {
      load(UnaryOperator.identity());
      return;
    }
    try (UploadQueue queue = new CudaQueue(gpu)) {
      load(new StagedUpload(queue, gpu));
    }
  }

  private void load(UnaryOperator<Tensor> upload) {
    owner.names().stream().filter(belongs).sorted().forEach(name -> {
      if (owner.unpacked().isStreamedInF8(name)) {
        inF8.put(name, owner.readF8(name, upload, region::keep));
        return;
      }
      try (TensorScope scope = TensorScope.open()) {
        tensors.put(name, region.keep(loader.apply(name, upload)));
      }
    });
  }

  @Override
  public boolean has(String name) {
    return owner.has(name);
  }

  @Override
  public LayerWeight matrix(String name, long... shape) {
    owner.require(name, shape);
    return owner.unpacked().isStreamedInF8(name)
        ? owner.unpacked().f8Weight(shape, () -> requireLoaded(name, inF8.get(name)))
        : new LayerWeight.Plain(requireLoaded(name, tensors.get(name)));
  }

  @Override
  public LayerWeight unpackedMatrix(String name, long... shape) {
    return matrix(name, shape);
  }

  @Override
  public Tensor get(String name, long... shape) {
    return matrix(name, shape).tensor();
  }

  private static <T> T requireLoaded(String name, T tensor) {
    if (tensor == null) {
      throw new IllegalStateException(name + " is not a tensor of the loaded module");
    }
    return tensor;
  }

  @Override
  public void endUse() {
    if (gpu != null && lastUse == null) {
      lastUse = CudaQueue.mark(gpu);
    }
  }

  @Override
  public void close() {
    try {
      if (lastUse != null) {
        lastUse.synchronize();
        lastUse.releaseReference();
      }
    } finally {
      lastUse = null;
      tensors.clear();
      inF8.clear();
      region.close();
    }
  }

  /** Copies to a device, which are queued and run later, in order. Tests replace the GPU. */
  interface UploadQueue extends AutoCloseable {
    /** Returns buffer 0 or 1 for bytes on the host, page-locked for a GPU. */
    Tensor buffer(int index);

    /** Returns new memory on the device; the calling scope owns it. */
    Tensor allocate(long[] shape, ScalarType type);

    /** Queues a copy from a part of a buffer. */
    void copy(Tensor to, Tensor from, int index);

    /** Waits until no queued copy reads a buffer. */
    void await(int index);

    /** Waits until all copies have ended. */
    @Override
    void close();
  }

  /**
   * Copies tensors through two buffers: one is filled while the device copies from the other.
   *
   * @param queue the copies of the device
   * @param compute the type in which layers compute
   */
  record StagedUpload(UploadQueue queue, Compute compute) implements UnaryOperator<Tensor> {
    @Override
    public Tensor apply(Tensor stored) {
      try (TensorScope scope = TensorScope.open()) {
        DType wanted = compute.dtype();
        // A device casts narrower numbers itself, so that fewer bytes are copied.
        Tensor host = Tensors.dtype(stored).bits() > wanted.bits()
            ? stored.to(Tensors.scalarType(wanted))
            : stored;
        Tensor placed = queue.allocate(host.shape(), host.scalar_type());
        if (host.numel() > 0) {
          copy(bytes(placed), bytes(host.contiguous()));
        }
        return scope.promote(placed);
      }
    }

    private static Tensor bytes(Tensor tensor) {
      return tensor.view(-1).view(ScalarType.Byte);
    }

    private void copy(Tensor to, Tensor from) {
      long most = queue.buffer(0).numel();
      for (long at = 0, i = 0; at < from.numel(); at += most, i++) {
        try (TensorScope each = TensorScope.open()) {
          int index = (int) (i % 2);
          long count = Math.min(most, from.numel() - at);
          Tensor part = queue.buffer(index).narrow(0, 0, count);
          queue.await(index);
          part.copy_(from.narrow(0, at, count));
          queue.copy(to.narrow(0, at, count), part, index);
        }
      }
    }
  }

  /**
   * Copies of a GPU in a stream of their own, from two page-locked buffers. While open, the
   * thread's other work for the GPU is in the same stream.
   */
  private static final class CudaQueue implements UploadQueue {
    private static final long BUFFER = 32L << 20;

    /** One stream for each GPU: libtorch reuses freed memory in the stream that allocated it. */
    private static final Map<Integer, CUDAStream> STREAMS = new ConcurrentHashMap<>();

    private final CUDAStream stream;
    private final TensorScope scope;
    private final CUDAStreamGuard guard;
    private final Device device;
    private final Tensor[] buffers = new Tensor[2];
    private final CUDAEvent[] copied = new CUDAEvent[2];

    CudaQueue(Compute gpu) {
      stream = STREAMS.computeIfAbsent(Tensors.gpuIndex(gpu), CudaQueue::newStream);
      scope = TensorScope.open();
      guard = new CUDAStreamGuard(stream.unwrap());
      device = new Device(gpu.device());
      try {
        TensorOptions pageLocked =
            new TensorOptions(ScalarType.Byte).pinned_memory(new BoolOptional(true));
        for (int i = 0; i < buffers.length; i++) {
          buffers[i] = torch.empty(new long[] {BUFFER}, pageLocked, new MemoryFormatOptional());
          copied[i] = new CUDAEvent();
        }
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }

    private static CUDAStream newStream(int index) {
      CUDAStream made = torch_cuda.getStreamFromPool(false, (byte) index);
      made.retainReference();
      return made;
    }

    /** Returns an event after the work that this thread has queued. */
    static CUDAEvent mark(Compute gpu) {
      CUDAEvent event = new CUDAEvent();
      event.retainReference();
      event.record(torch_cuda.getCurrentCUDAStream((byte) Tensors.gpuIndex(gpu)));
      return event;
    }

    @Override
    public Tensor buffer(int index) {
      return buffers[index];
    }

    @Override
    public Tensor allocate(long[] shape, ScalarType type) {
      return torch.empty(
          shape,
          new TensorOptions(type).device(new DeviceOptional(device)),
          new MemoryFormatOptional());
    }

    @Override
    public void copy(Tensor to, Tensor from, int index) {
      to.copy_(from, true);
      copied[index].record(stream);
    }

    @Override
    public void await(int index) {
      // An event that was never recorded has passed.
      copied[index].synchronize();
    }

    @Override
    public void close() {
      try {
        stream.synchronize();
      } finally {
        guard.close();
        scope.close();
      }
    }
  }
}
