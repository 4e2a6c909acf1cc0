package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.AttachedDeltas;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.file.AdapterConfig;
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
 * A LoRA opened for a base model. Its deltas are added while a request with this adapter is
 * sampled; the base is never changed. Immutable and thread-safe; owns its tensors until closed.
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

  Lora(
      LoraDeltas changes,
      Map<String, String> metadata,
      LoraInspection report,
      TensorRegion region,
      OpenModel base) {
    this.deltas = changes;
    this.metadata = Map.copyOf(metadata);
    this.inspection = report;
    this.region = region;
    this.base = base;
  }

  /**
   * Opens a file for a base model: safetensors, or a pickle of {@code torch.save}, which is not
   * run.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException when the file is broken, is for
   *     another family of base models, or has a key that does not fit the base
   */
  public static Lora open(Path file, BaseModel base) {
    LayerTable table = LayerTable.of(base.unwrap(OpenModel.class));
    TensorRegion region = new TensorRegion();
    try (LoraFile source = LoraFile.open(file)) {
      LoraReader reader = new LoraReader(source.tensors(), source.notes(), table);
      AdapterConfig alphas = AdapterConfig.of(source.notes(), file);
      LoraInspection report = reader.inspect(alphas);
      reader.refuseControlLora(base.name());
      alphas.refuseChangedBase(file);
      LoraFile.requireComplete(report, file.toString(), base.name(), table.kind());
      LoraDeltas changes = reader.readDeltas(
          alphas,
          region,
          (layer, name) ->
              base.unwrap(OpenModel.class).tensorNames(layer.component()).contains(name)
                  ? Optional.of(layer.readF32(base.unwrap(OpenModel.class), name))
                  : Optional.empty());
      return new Lora(changes, source.notes(), report, region, base.unwrap(OpenModel.class));
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
  }

  /**
   * Says what of a file fits a base model, without reading a factor of its layers; for files that
   * {@link #open} refuses.
   */
  public static LoraInspection inspect(Path file, BaseModel base) {
    try (LoraFile source = LoraFile.open(file)) {
      return new LoraReader(
              source.tensors(), source.notes(), LayerTable.of(base.unwrap(OpenModel.class)))
          .inspect(AdapterConfig.of(source.notes(), file));
    }
  }

  /**
   * This LoRA at a weight: 1 as it was made, less for less of it, negative for its opposite; 0 adds
   * nothing at all.
   *
   * @throws IllegalArgumentException when the weight is not a finite number
   */
  public Adapter at(double weight) {
    return at(LoraWeight.of(weight));
  }

  /**
   * This LoRA at weights that differ between blocks, or change over the steps.
   *
   * @throws IllegalArgumentException when a block's name begins no layer's of the base, e.g.
   *     without its part
   */
  public Adapter at(LoraWeight weight) {
    weight.requireBlocksOf(base);
    return new Weighted(this, weight);
  }

  /** Equal where LoRA and weight are, so that requests of one person are known to be of one. */
  private record Weighted(Lora lora, LoraWeight weight) implements ModelAdapter {
    @Override
    public Adaptation adapt(ModelComponent part, Compute compute) {
      return weight.isZero()
          ? Adaptation.NONE
          : new AttachedDeltas.LoraAdaptation(lora.attachedTo(compute), part, weight.ofLayers());
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

    @Override
    public List<TextualInversion> textualInversions() {
      return weight.isZero() ? List.of() : lora.textualInversions();
    }
  }

  /**
   * A copy of the changed weights with this LoRA in them, which draws as {@link #at} does with
   * nothing to reckon beside the layers. These keep no faster forms of such weights (packed, in 8
   * bits), so that on a CPU it may be the slower. The base stays as it is.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException when the base spares memory by not
   *     holding these weights whole
   */
  public FusedLora fuse(double weight) {
    return FusedLora.of(this, LoraWeight.of(weight));
  }

  /** What of the file fitted the base. */
  public LoraInspection inspection() {
    return inspection;
  }

  /**
   * The words that it brings, which prompts may name while a request carries it: textual
   * inversions.
   */
  public List<TextualInversion> textualInversions() {
    return deltas.textualInversions();
  }

  /** The free text pairs of the file's header. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Bytes of all that was placed for models to compute with so far; files' own factors stay mapped.
   */
  public long bytes() {
    return attachedDeltas.values().stream().mapToLong(AttachedDeltas::bytes).sum();
  }

  /** Writes a file that diffusers and every peft reader opens, whole or not at all. */
  public void save(Path file) {
    save(file, KeyFormat.PEFT);
  }

  /**
   * Writes a file in peft's spelling, the older diffusers' or kohya's, whole or not at all; alpha
   * equals the rank. kohya's names FLUX.1, Stable Diffusion 3 and XL as their makers do, with
   * queries, keys and values as one layer, and has a place for every kind of change: what has no
   * factors there, norms and biases too, as its difference.
   *
   * @throws IllegalArgumentException for a dialect that is only read, or a change that it cannot
   *     say: see {@link LoraMerge#resize}
   */
  public void save(Path file, KeyFormat keyFormat) {
    save(file, keyFormat, metadata);
  }

  void save(Path file, KeyFormat keyFormat, Map<String, String> header) {
    requireOpen();
    LoraWriter.write(
        file, deltas, LayerTable.of(base), layer -> layer.readF32(base), header, keyFormat);
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
        compute, c -> new AttachedDeltas(deltas, base, c, region));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the LoRA is closed; open it again to generate with it");
    }
  }

  /** Frees its tensors once nothing is drawn with it; a second call does nothing. */
  @Override
  public void close() {
    usageLock.close(() -> {
      closed = true;
      region.close();
    });
  }
}
