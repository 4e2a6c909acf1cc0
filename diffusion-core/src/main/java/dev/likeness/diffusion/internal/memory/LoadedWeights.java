package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.MappedFile;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A file's tensors on a device, each placed once at its first use and shared from then on, until
 * released, by every network built over them. On the CPU in the file's own type nothing is copied:
 * the tensors are views of the mapped file. Thread-safe.
 */
public final class LoadedWeights implements Parameters, AutoCloseable {
  /** Numbers in a weight from which a layer's own form of it pays. */
  private static final long LARGE = 1 << 16;

  /** Numbers in a mapped network that may all come to lie in memory of their own. */
  private static final long MAX_COPIED = 3L << 30;

  private final ReopenedFile file;
  private final Compute compute;
  private final Map<String, Tensor> placed = new ConcurrentHashMap<>();
  private final WeightsCheck requested = new WeightsCheck();
  private final WeightResidence residence;
  private final boolean isLarge;
  private final Map<String, Int8Weight> quantized = new ConcurrentHashMap<>();
  private final Map<String, Tensor> derived = new ConcurrentHashMap<>();
  private TensorRegion region = new TensorRegion();

  /** Takes over {@code source} and closes it with itself. */
  public LoadedWeights(TensorSource source, Compute compute) {
    this(source, null, compute, WeightResidence.MAPPED);
  }

  /**
   * Takes over {@code source}, which holds what {@code network} asks for and nothing else.
   *
   * @throws InvalidInputException as {@link #check}; {@code source} is closed then
   */
  public static LoadedWeights checked(
      TensorSource source, Compute compute, Consumer<Weights> network) {
    LoadedWeights weights = new LoadedWeights(source, compute);
    try {
      weights.check(network, Set.of());
      return weights;
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * Tensors that lie in memory as {@code residence} says, of a file that can be opened again after
   * it was released.
   */
  public LoadedWeights(Supplier<TensorSource> opening, Compute compute, WeightResidence residence) {
    this(opening.get(), opening, compute, residence);
  }

  private LoadedWeights(
      TensorSource source,
      Supplier<TensorSource> opening,
      Compute compute,
      WeightResidence residence) {
    file = new ReopenedFile(source, opening);
    this.compute = compute;
    this.residence = residence;
    isLarge = source.names().stream().mapToLong(source::elements).sum() > MAX_COPIED;
  }

  /** Whether blocks are brought in for their use, each time to another place. */
  @Override
  public boolean isStreamed() {
    return residence == WeightResidence.STREAMED || residence == WeightResidence.INT8_BLOCKS;
  }

  /** Whether its layers' matrices lie in less memory than they are used in. */
  public boolean isCompressed() {
    return isStreamed() || residence == WeightResidence.INT8_MATRICES;
  }

  /** Whether {@code name} may be one of them: small ones are held whole in eight bits. */
  public boolean isCompressed(String name) {
    return isStreamed()
        || residence == WeightResidence.INT8_MATRICES
            && Int8Weight.isWorthwhile(file.header().shape(name));
  }

  @Override
  public Parameters.Block block(String path) {
    return new LoadedBlock(
        this,
        name -> name.startsWith(path + "."),
        residence == WeightResidence.STREAMED ? this::loadCopy : this::dequantize);
  }

  /** A tensor placed in memory of its own; the calling scope owns it. */
  private Tensor loadCopy(String name) {
    // What has to be converted is read past the mapping, whose pages would count with the process
    // beside the copy.
    return isView(name) ? Tensors.place(compute, file.open().read(name)) : placeOwn(name);
  }

  private boolean isView(String name) {
    return residence == WeightResidence.MAPPED
        && compute.isCpu()
        && file.header().dtype(name) == compute.dtype();
  }

  /** The same whatever the residence. */
  private Tensor placeOwn(String name) {
    try (TensorScope scope = TensorScope.open();
        MappedFile.PrivateCopies own = MappedFile.PrivateCopies.open()) {
      Tensor placed = Tensors.place(compute, file.open().read(name));
      // A part of a larger tensor would keep all of it.
      return scope.promote(placed.storage().nbytes() > placed.nbytes() ? placed.clone() : placed);
    }
  }

  @Override
  public LayerWeight matrix(String name, long... shape) {
    require(name, shape);
    if (residence == WeightResidence.INT8_MATRICES && Int8Weight.isWorthwhile(shape)) {
      return () -> quantized.computeIfAbsent(name, this::quantized).dequantize(compute.dtype());
    }
    boolean small = residence == WeightResidence.INT8_MATMUL
        && shape.length == 2
        && Int8Weight.isWorthwhile(shape);
    if (!small && !keepsForms(name)) {
      return new LayerWeight.Plain(get(name, shape));
    }
    return new LayerWeight.CachingMatrix(
        shape,
        () -> get(name, shape),
        (use, making) -> derived.computeIfAbsent(name + ":" + use, key -> derive(name, making)),
        small);
  }

  /**
   * A vast mapped network's products stay views, so that the system can take their pages back where
   * memory is short.
   */
  private boolean keepsForms(String name) {
    int dimensions = file.header().shape(name).length;
    return compute.isCpu()
        && file.header().elements(name) >= LARGE
        && (dimensions > 2 || dimensions == 2 && !(isLarge && isView(name)));
  }

  /**
   * Read past the mapping, so that the numbers lie in memory in the form they are used in and in no
   * other.
   */
  private Tensor derive(String name, UnaryOperator<Tensor> making) {
    try (TensorScope scope = TensorScope.open()) {
      return keep(making.apply(placeOwn(name)));
    }
  }

  private Tensor dequantize(String name) {
    if (file.header().shape(name).length < 2) {
      return get(name, file.header().shape(name));
    }
    return quantized.computeIfAbsent(name, this::quantized).dequantize(compute.dtype());
  }

  private Int8Weight quantized(String name) {
    try (TensorScope scope = TensorScope.open()) {
      Int8Weight bits = Int8Weight.of(loadCopy(name));
      return new Int8Weight(keep(bits.quantized()), keep(bits.scale()), bits.shape());
    }
  }

  @Override
  public boolean has(String name) {
    return file.header().names().contains(name);
  }

  @Override
  public Tensor get(String name, long... shape) {
    require(name, shape);
    return placed.computeIfAbsent(name, this::place);
  }

  /**
   * A tensor to look at once: where no network has it placed, it is kept nowhere, and the calling
   * scope owns it.
   */
  public Tensor read(String name) {
    Tensor there = placed.get(name);
    // On a card it would be brought anew for the first step, which is more than to keep it where
    // nothing is to be spared.
    return there != null
        ? there
        : isCompressed() || compute.isCpu()
            ? loadCopy(name)
            : get(name, file.header().shape(name));
  }

  /**
   * Checks every tensor that a network asks for while it is built, and that none is left over but
   * {@code expected}; loads none.
   *
   * @throws InvalidInputException when one is missing, misshapen, left over, or of a type that
   *     cannot be loaded
   */
  public void check(Consumer<Weights> building, Set<String> expected) {
    try (TensorScope scope = TensorScope.open()) {
      building.accept(Weights.of(new WeightsCheck.CheckedParameters(this, torch.empty(0))));
    }
    requireAllRead(expected);
  }

  /**
   * Places every tensor that a network asked for, so that its first use need not; nothing where use
   * widens or brings them in, and no copy of a weight that its layer makes its own form of.
   */
  public void load() {
    if (!isCompressed()) {
      requested
          .names()
          .filter(name -> isView(name) || !keepsForms(name))
          .forEach(name -> placed.computeIfAbsent(name, this::place));
    }
  }

  /** The same where placing is only to look at a mapped file. */
  public void loadViews() {
    if (residence == WeightResidence.MAPPED) {
      load();
    }
  }

  /**
   * Frees the tensors placed so far, and unmaps a file that can be opened again; the next use
   * places them anew. No network over them may be in use meanwhile.
   */
  public void release() {
    synchronized (this) {
      region.close();
      region = new TensorRegion();
      file.release();
    }
    clear();
  }

  // Outside the lock, which whoever places one takes while the map waits for it.
  private void clear() {
    placed.clear();
    quantized.clear();
    derived.clear();
  }

  void require(String name, long... shape) {
    file.requireOpen();
    requested.require(file.header(), name, shape);
  }

  /** The names that the file has, read or not. */
  public Set<String> names() {
    return Collections.unmodifiableSet(file.header().names());
  }

  /** The shape of a tensor that the file has. */
  public long[] shape(String name) {
    return file.header().shape(name);
  }

  /**
   * Fails if the file holds tensors that no module asked for, other than {@code expected}
   * leftovers.
   */
  public void requireAllRead(Set<String> expected) {
    requested.requireAll(file.header(), expected);
  }

  private Tensor place(String name) {
    try (TensorScope scope = TensorScope.open()) {
      return keep(loadCopy(name));
    }
  }

  private synchronized Tensor keep(Tensor tensor) {
    return region.keep(tensor);
  }

  /**
   * Frees the tensors, which nobody may be using, and the file; whoever asks for one afterwards is
   * refused. A second call does nothing.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (!file.close(region::close)) {
        return;
      }
    }
    clear();
  }
}
