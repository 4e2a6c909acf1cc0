package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.AttachedDeltas;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.file.AdapterConfig;
import dev.likeness.lora.internal.file.FitCheck;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.LoraFile;
import dev.likeness.lora.internal.file.LoraReader;
import dev.likeness.lora.internal.file.LoraWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A LoRA opened for a base model. Its weight changes (deltas) apply only to requests that have an
 * adapter from {@link #at(double)}; the base is never changed. Immutable and thread-safe; owns its
 * tensors until closed. Once the LoRA is closed, methods that need its tensors throw
 * {@link IllegalStateException}.
 */
public final class Lora implements AutoCloseable {
  private final LoraDeltas deltas;
  private final Map<String, String> metadata;
  private final LoraInspection inspection;
  private final TensorRegion region;
  private final OpenModel base;
  private final Map<Compute, AttachedDeltas> attachedDeltas = new ConcurrentHashMap<>();
  private final UsageLock usageLock = new UsageLock("the LoRA");
  private volatile boolean closed;

  /** Creates a LoRA whose deltas are in memory. */
  Lora(
      LoraDeltas deltas,
      Map<String, String> metadata,
      LoraInspection inspection,
      TensorRegion region,
      OpenModel base) {
    this.deltas = deltas;
    this.metadata = Map.copyOf(metadata);
    this.inspection = inspection;
    this.region = region;
    this.base = base;
  }

  /**
   * Opens a LoRA file for a base model. The file is in safetensors format or a pickle of
   * {@code torch.save}. Code in a pickle is not executed.
   *
   * @param file the LoRA file, or a folder of peft or diffusers with a LoRA file
   * @param base the base model; it must stay open while the LoRA is used
   * @return the LoRA; the caller closes it
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is broken, is for
   *     another model family, has a key that does not fit the base, or has a NaN or infinite value
   */
  public static Lora open(Path file, BaseModel base) {
    return open(file, base, Run.silent());
  }

  /**
   * Opens a LoRA file for a base model. With a run, the call can be cancelled.
   *
   * @param file the LoRA file, or a folder of peft or diffusers with a LoRA file
   * @param base the base model; it must stay open while the LoRA is used
   * @param run receives the outcome, and stops the work if it is cancelled
   * @return the LoRA; the caller closes it
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is broken, is for
   *     another model family, has a key that does not fit the base, or has a NaN or infinite value
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled
   */
  public static Lora open(Path file, BaseModel base, Run run) {
    return run.report(() -> read(file, base));
  }

  private static Lora read(Path file, BaseModel base) {
    OpenModel model = EngineAccess.model(base);
    LayerTable table = LayerTable.of(model);
    TensorRegion region = new TensorRegion();
    Path weights = LoraFile.weights(file);
    try (LoraFile source = LoraFile.open(weights)) {
      LoraReader reader = LoraReader.of(source.tensors(), source.metadata(), table);
      AdapterConfig alphas = AdapterConfig.of(source.metadata(), weights);
      LoraInspection report = reader.inspect(alphas);
      reader.refuseControlLora(base.name());
      alphas.refuseChangedBase(weights);
      FitCheck.requireComplete(report, weights.toString(), base.name(), table.kind());
      LoraDeltas changes = reader.readDeltas(
          alphas,
          region,
          (layer, name) -> model.tensorNames(layer.component()).contains(name)
              ? Optional.of(layer.readF32(model, name))
              : Optional.empty());
      return new Lora(changes, source.metadata(), report, region, model);
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
  }

  /**
   * Compares the keys of a LoRA file with a base model. This method reads values only for keys that
   * fit no layer, because such keys are ignored if their delta is zero. It also works for files
   * that {@link #open} refuses.
   *
   * @param file the LoRA file, or a folder of peft or diffusers with a LoRA file
   * @param base the base model
   * @return the comparison: the keys that fit the base, and the keys that do not fit
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is broken
   */
  public static LoraInspection inspect(Path file, BaseModel base) {
    Path weights = LoraFile.weights(file);
    try (LoraFile source = LoraFile.open(weights)) {
      return LoraReader.of(
              source.tensors(), source.metadata(), LayerTable.of(EngineAccess.model(base)))
          .inspect(AdapterConfig.of(source.metadata(), weights));
    }
  }

  /**
   * Returns an adapter that applies this LoRA with a constant weight.
   *
   * @param weight 1 for the trained strength, 0 for no effect; negative values invert the delta
   * @return the adapter for requests; keep this LoRA open while requests use it
   * @throws IllegalArgumentException if the weight is not finite as a {@code float}
   */
  public Adapter at(double weight) {
    return at(LoraWeight.of(weight));
  }

  /**
   * Returns an adapter whose weight differs between blocks or changes over the steps. If the weight
   * of every layer of the LoRA is 0, the adapter has no effect: requests with it are requests
   * without it, and prompts may not use the tokens of the LoRA.
   *
   * @param weight the weight for each block and step
   * @return the adapter for requests; keep this LoRA open while requests use it
   * @throws IllegalArgumentException if the weight names a block that the base does not have, or if
   *     its block weights without names do not fit the UNet of the base
   */
  public Adapter at(LoraWeight weight) {
    LoraWeight own = weight.resolvedFor(base);
    own.requireBlocksOf(base);
    return new Weighted(this, own.isZeroFor(deltas.layers()) ? LoraWeight.of(0) : own);
  }

  /**
   * Adapters are equal if LoRA and weight are equal, so that requests of one person share a batch.
   */
  private record Weighted(Lora lora, LoraWeight weight) implements ModelAdapter {
    /** Prompts may use the textual inversions of the file while a request has this LoRA. */
    @Override
    public Contribution contribution() {
      return weight.isZero()
          ? Contribution.NONE
          : Contribution.of((component, generation) -> new AttachedDeltas.LoraAdaptation(
                  lora.attachedTo(generation.compute()), component, weight.ofLayers()))
              .withInversions(lora.textualInversions());
    }

    @Override
    public void requireCompatible(ModelComponent.Tensors model) {
      if (!weight.isZero()) {
        lora.deltas.requireCompatible(model, lora.base);
      }
    }

    @Override
    public List<UsageLock> usageLocks() {
      return weight.isZero() ? List.of() : List.of(lora.usageLock);
    }
  }

  /**
   * Returns a copy of the weights that this LoRA changes in the base, with the LoRA added. The copy
   * has the effect of {@link #at(double)}, without extra computation in the layers. On a CPU, a
   * generation with the copy may be slower, because fused weights are not packed and not in 8 bits.
   * The base does not change.
   *
   * @param weight 1 for the trained strength; a number that is finite as a {@code float}
   * @return the copy; the caller closes it
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the base, to save memory,
   *     streams or quantises weights that the LoRA changes
   * @throws IllegalArgumentException if the weight is not finite as a {@code float}
   * @throws dev.likeness.diffusion.error.InvalidInputException if the LoRA adds a bias to a layer
   *     without bias
   */
  public FusedLora fuse(double weight) {
    return FusedLora.of(this, LoraWeight.of(weight));
  }

  /** {@return the comparison of the LoRA file with the base model} */
  public LoraInspection inspection() {
    return inspection;
  }

  /**
   * {@return the textual inversions in the LoRA file} If a request has this LoRA, its prompts may
   * use their tokens.
   */
  public List<TextualInversion> textualInversions() {
    return deltas.textualInversions();
  }

  /** {@return the metadata of the LoRA file} */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * {@return the size in bytes of the LoRA's factors that were copied to a device so far} Factors
   * that are still memory-mapped from the file do not count.
   */
  public long bytes() {
    return attachedDeltas.values().stream().mapToLong(AttachedDeltas::bytes).sum();
  }

  /**
   * Writes the LoRA in peft's key format, which diffusers and peft read. The file is written
   * completely or not at all.
   *
   * @param file the file to write; an existing file is replaced
   * @throws dev.likeness.diffusion.error.InvalidInputException if a tensor of the file would have
   *     values that are NaN or infinite
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file) {
    save(file, KeyFormat.PEFT);
  }

  /**
   * Writes the LoRA in the key format of peft, old diffusers or kohya. In the file, alpha equals
   * the rank. The file is written completely or not at all.
   *
   * <p>For FLUX.1, Stable Diffusion 3 and XL, kohya's format uses the layer names of the original
   * checkpoints instead of diffusers' names. In FLUX.1 and Stable Diffusion 3, one such layer
   * contains query, key and value.
   *
   * <p>In kohya's format, deltas of norms and biases are stored as full differences. So are deltas
   * of GLoRA, IA3 and OFT. If several layers of the base are one layer in the file, deltas of DoRA,
   * LoKr and LoHa are full differences too.
   *
   * @param file the file to write; an existing file is replaced
   * @param keyFormat the key format
   * @throws IllegalArgumentException if Likeness cannot write the key format, or the format cannot
   *     store a delta; {@link LoraMerge#resize} makes deltas that the format can store
   * @throws dev.likeness.diffusion.error.InvalidInputException if a tensor of the file would have
   *     values that are NaN or infinite
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file, KeyFormat keyFormat) {
    save(file, keyFormat, metadata);
  }

  void save(Path file, KeyFormat keyFormat, Map<String, String> metadata) {
    requireOpen();
    LoraWriter.write(
        file, deltas, LayerTable.of(base), layer -> layer.readF32(base), metadata, keyFormat);
  }

  LoraDeltas deltas() {
    requireOpen();
    return deltas;
  }

  OpenModel base() {
    return base;
  }

  AttachedDeltas attachedTo(Compute compute) {
    requireOpen();
    return attachedDeltas.computeIfAbsent(
        compute, c -> AttachedDeltas.place(deltas, base, c, region));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the LoRA is closed; open it again to generate with it");
    }
  }

  /**
   * Frees the tensors when no running generation uses them any more. A second call does nothing.
   */
  @Override
  public void close() {
    usageLock.close(() -> {
      closed = true;
      region.close();
    });
  }
}
