package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.MappedFile;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.nn.F8Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.cpu.InputRange;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The tensors of a file on a device. Each tensor is loaded at its first use, and all networks over
 * it share it until it is released. On the CPU, tensors in the file's own type are not copied: they
 * are views of the mapped file. Thread-safe.
 */
public final class LoadedWeights implements Parameters, AutoCloseable {
  private final ReopenedFile file;
  private final Compute compute;
  private final Map<String, Tensor> placed = new ConcurrentHashMap<>();
  private final WeightsCheck requested = new WeightsCheck();
  private final WeightResidence residence;
  private final LayerInputs inputs;
  private final WeightResidence.UnpackedForm unpacked;
  private final Map<String, Int8Weight> quantized = new ConcurrentHashMap<>();
  private final Map<String, F8Linear.Matrix> stored = new ConcurrentHashMap<>();
  private final Map<String, F8Linear.Factors> f8Factors = new ConcurrentHashMap<>();
  private final Map<String, Tensor> derived = new ConcurrentHashMap<>();
  private TensorRegion region = new TensorRegion();

  /** Takes ownership of {@code source} and closes it when this is closed. */
  public LoadedWeights(TensorSource source, Compute compute) {
    this(source, null, compute, WeightResidence.MAPPED, BlockNames.NONE, LayerInputs.NONE);
  }

  /**
   * Takes ownership of {@code source} and checks that it holds what {@code network} asks for.
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
   * Keeps tensors as {@code residence} says, for layers with these {@code inputs}. The file can be
   * opened again after its release.
   *
   * @param blocks the blocks of the network
   */
  public LoadedWeights(
      Supplier<TensorSource> opening,
      Compute compute,
      WeightResidence residence,
      BlockNames blocks,
      LayerInputs inputs) {
    this(opening.get(), opening, compute, residence, blocks, inputs);
  }

  private LoadedWeights(
      TensorSource source,
      Supplier<TensorSource> opening,
      Compute compute,
      WeightResidence residence,
      BlockNames blocks,
      LayerInputs inputs) {
    file = new ReopenedFile(source, opening);
    this.compute = compute;
    this.residence = residence;
    this.inputs = inputs;
    unpacked = WeightResidence.UnpackedForm.of(
        residence, source, blocks, inputs.calibration().isPresent(), compute);
  }

  @Override
  public boolean isStreamed() {
    return residence.isStreamed();
  }

  /** Returns true if matrices are stored in less memory than the type that layers compute in. */
  public boolean isCompressed() {
    return residence.isCompressed();
  }

  /** Returns true if {@code name} may be such a matrix. Small matrices are loaded as a whole. */
  public boolean isCompressed(String name) {
    return unpacked.isCompressed(name);
  }

  @Override
  public Parameters.Block block(String path) {
    Predicate<String> inside = name -> name.startsWith(path + ".");
    return residence.isReadBlockwise()
        ? new LoadedBlock(this, inside, this::loadCopy, compute.isCpu() ? null : compute)
        : new LoadedBlock(this, inside, (name, upload) -> dequantize(name), null);
  }

  private Tensor loadCopy(String name) {
    return loadCopy(name, UnaryOperator.identity());
  }

  /** Returns a tensor in memory of its own; the calling scope owns it. */
  private Tensor loadCopy(String name, UnaryOperator<Tensor> upload) {
    // Otherwise pages of the mapping would count as memory of the process beside the copy.
    return unpacked.isView(name)
        ? requested.requireFinite(file, name, Tensors.place(compute, file.open().read(name)))
        : placeOwn(name, upload);
  }

  private Tensor placeOwn(String name, UnaryOperator<Tensor> upload) {
    Tensor own = file.readOwn(name, on -> Tensors.placeWeight(compute, upload.apply(on)));
    return requested.requireFinite(file, name, own);
  }

  @Override
  public LayerWeight matrix(String name, long... shape) {
    require(name, shape);
    LayerWeight own = ownMatrix(name, shape);
    return Int8Weight.isWorthwhile(shape)
        ? inputs
            .observer()
            .<LayerWeight>map(observer -> new LayerWeight.Observed(name, own, observer))
            .orElse(own)
        : own;
  }

  private LayerWeight ownMatrix(String name, long... shape) {
    if (residence == WeightResidence.INT8_MATRICES || unpacked.isKeptInF8(name)) {
      return unpackedMatrix(name, shape);
    }
    Optional<InputRange> range =
        inputs.calibration().map(known -> known.ranges().get(name));
    boolean small = residence == WeightResidence.INT8_MATMUL
        && (inputs.calibration().isPresent()
            ? range.isPresent()
            : shape.length == 2 && Int8Weight.isWorthwhile(shape));
    if (!small && !unpacked.keepsForms(name)) {
      return new LayerWeight.Plain(get(name, shape));
    }
    return new LayerWeight.CachingMatrix(
        shape,
        () -> get(name, shape),
        (use, making) -> derived.computeIfAbsent(name + ":" + use, key -> derive(name, making)),
        small,
        range);
  }

  /**
   * Creates a layer's packed form. The weight is read without the mapping, so that only the packed
   * form stays in memory.
   */
  private Tensor derive(String name, UnaryOperator<Tensor> making) {
    try (TensorScope scope = TensorScope.open()) {
      return keep(making.apply(placeOwn(name, UnaryOperator.identity())));
    }
  }

  @Override
  public LayerWeight unpackedMatrix(String name, long... shape) {
    require(name, shape);
    if (unpacked.isKeptInF8(name)) {
      LayerWeight kept = unpacked.f8Weight(shape, () -> keptF8(name));
      return residence.multipliesF8() ? kept : new LayerWeight.Compressed(shape, kept::tensor);
    }
    if (!unpacked.isReadAtUse(name)) {
      return new LayerWeight.Plain(get(name, shape));
    }
    return new LayerWeight.Compressed(
        shape, () -> unpacked.isQuantized(name) ? dequantize(name) : loadCopy(name));
  }

  /** Returns how the weights are stored for layers that use {@link #unpackedMatrix}. */
  public WeightResidence.UnpackedForm unpacked() {
    return unpacked;
  }

  private Tensor dequantize(String name) {
    if (file.header().shape(name).length < 2) {
      return get(name, file.header().shape(name));
    }
    return quantized
        .computeIfAbsent(name, key -> Int8Weight.read(() -> loadCopy(key), this::keep))
        .dequantize(compute.dtype());
  }

  private F8Linear.Matrix keptF8(String name) {
    return stored.computeIfAbsent(name, key -> readF8(key, UnaryOperator.identity(), this::keep));
  }

  /**
   * Loads a weight as the file stores it; {@code keeping} makes its values outlive this call. Its
   * factors stay until the weights are released.
   */
  F8Linear.Matrix readF8(String name, UnaryOperator<Tensor> upload, UnaryOperator<Tensor> keeping) {
    try (TensorScope scope = TensorScope.open();
        MappedFile.PrivateCopies own = MappedFile.PrivateCopies.open()) {
      F8Linear.Factors factors = f8Factors.computeIfAbsent(
          name, key -> F8Linear.Factors.of(file.open(), key, compute).map(this::keep));
      Tensor values = F8Linear.Matrix.readValues(file.open(), name, compute, upload);
      requested.requireFinite(file, name, values);
      return new F8Linear.Matrix(keeping.apply(values), factors);
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

  /** Reads a tensor for one use. The calling scope owns it if no network has loaded it. */
  public Tensor read(String name) {
    Tensor there = placed.get(name);
    // On a GPU, transferring the tensor again for the first step costs more than keeping it, if
    // memory is not limited.
    return there != null
        ? there
        : isCompressed() || compute.isCpu()
            ? loadCopy(name)
            : get(name, file.header().shape(name));
  }

  /**
   * Checks every tensor that a network asks for while it is built, and that no others are left
   * except {@code expected}. Loads no tensor.
   *
   * @throws InvalidInputException if a tensor is missing, left over, or of a wrong shape or an
   *     unsupported type
   */
  public void check(Consumer<Weights> building, Set<String> expected) {
    try (TensorScope scope = TensorScope.open()) {
      building.accept(Weights.of(new WeightsCheck.CheckedParameters(this, torch.empty(0))));
    }
    requireAllRead(expected);
  }

  /**
   * Loads every tensor that a network asked for, except those that are loaded or dequantised at
   * each use, and those of which layers keep packed forms.
   */
  public void load() {
    if (!isCompressed() || residence == WeightResidence.F8_MATMUL) {
      unpacked.inF8().forEach(this::keptF8);
      loadRequested(name -> !unpacked.inF8().contains(name));
    }
  }

  private void loadRequested(Predicate<String> wanted) {
    requested
        .names()
        .filter(name -> wanted.test(name) && (unpacked.isView(name) || !unpacked.keepsForms(name)))
        .forEach(name -> placed.computeIfAbsent(name, this::place));
  }

  /**
   * Creates the views of a mapped file that are used, to read them before their first use, unless
   * {@link HeadersAlone} are read.
   */
  public void loadViews() {
    if (residence == WeightResidence.MAPPED && !HeadersAlone.isActive()) {
      loadRequested(name -> !unpacked.isReadAtUse(name));
    }
  }

  /**
   * Frees the loaded tensors, and unmaps a file that can be opened again. The next use loads them
   * again. No network over them may be in use meanwhile.
   */
  public void release() {
    synchronized (this) {
      region.close();
      region = new TensorRegion();
      file.release();
    }
    clear();
  }

  // Not under the lock, which a thread takes that loads a tensor while the map waits for it.
  private void clear() {
    placed.clear();
    quantized.clear();
    stored.clear();
    f8Factors.clear();
    derived.clear();
  }

  void require(String name, long... shape) {
    file.requireOpen();
    requested.require(file.header(), name, shape);
  }

  /** Returns the names of all tensors of the file. */
  public Set<String> names() {
    return Collections.unmodifiableSet(file.header().names());
  }

  /** Returns the shape of a tensor of the file. */
  public long[] shape(String name) {
    return file.header().shape(name);
  }

  /** Refuses a file with tensors that no module asked for, except {@code expected} ones. */
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
   * Frees the tensors, which must not be in use, and closes the file. Later requests for a tensor
   * are refused. A second call has no effect.
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
