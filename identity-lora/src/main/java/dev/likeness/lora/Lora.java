package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.adapt.SidePath;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Safetensors;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Low-rank changes of a base model's layers, added beside them while a request that carries them is drawn; the base is
 * never touched. Immutable, shared by threads; owns its tensors until closed.
 */
public final class Lora implements AutoCloseable {
  private final Map<Layer, LowRank> factors;
  private final Map<String, String> metadata;
  private final LoraReport report;
  private final TensorRegion region;
  private final Map<Compute, Map<Part, Map<String, LowRank>>> placed = new ConcurrentHashMap<>();
  private volatile boolean closed;

  Lora(Map<Layer, LowRank> factors, Map<String, String> metadata, LoraReport report, TensorRegion region) {
    this.factors = factors;
    this.metadata = Map.copyOf(metadata);
    this.report = report;
    this.region = region;
  }

  /**
   * Opens a safetensors file for a base model.
   *
   * @throws dev.likeness.diffusion.error.UnusableInput when the file is broken, or a key of it does not fit the base
   */
  public static Lora open(Path file, BaseModel base) {
    TensorRegion region = new TensorRegion();
    try (Safetensors source = Safetensors.open(file)) {
      LoraReader reader = new LoraReader(source, LayerTable.of(base.networks()));
      LoraReport report = reader.report();
      report.requireComplete(file.toString(), base.name());
      Alphas alphas = Alphas.of(source.metadata(), file.toString());
      return new Lora(reader.factors(alphas, region), source.metadata(), report, region);
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
  }

  /** Says what of a file fits a base model, without reading a weight; for files that {@link #open} refuses. */
  public static LoraReport inspect(Path file, BaseModel base) {
    try (Safetensors source = Safetensors.open(file)) {
      return new LoraReader(source, LayerTable.of(base.networks())).report();
    }
  }

  /**
   * This LoRA at a weight: 1 as it was made, less for less of it, negative for its opposite; 0 adds nothing at all.
   *
   * @throws IllegalArgumentException when the weight is not a finite number
   */
  public Adapter at(double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("a LoRA's weight must be a finite number, not " + weight);
    }
    return (part, compute) -> weight == 0 ? Adaptation.NONE : adaptation(placedOn(compute).get(part), weight);
  }

  /** What of the file fitted the base. */
  public LoraReport report() {
    return report;
  }

  /** The free text pairs of the file's header. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Writes a file that diffusers and every peft reader opens, whole or not at all. */
  public void save(Path file) {
    save(file, LoraDialect.PEFT);
  }

  /**
   * Writes a file in peft's spelling or kohya's, whole or not at all; either way alpha equals the rank.
   *
   * @throws IllegalArgumentException for a dialect that is only read
   */
  public void save(Path file, LoraDialect dialect) {
    requireOpen();
    LoraWriter.write(file, factors, metadata, dialect);
  }

  Map<Layer, LowRank> factors() {
    return Collections.unmodifiableMap(factors);
  }

  private static Adaptation adaptation(Map<String, LowRank> layers, double weight) {
    if (layers == null) {
      return Adaptation.NONE;
    }
    return new Adaptation() {
      @Override
      public List<SidePath> sidePaths(String module) {
        LowRank layer = layers.get(module);
        return layer == null ? List.of() : List.of(new LowRankPath(layer, weight));
      }
    };
  }

  private Map<Part, Map<String, LowRank>> placedOn(Compute compute) {
    requireOpen();
    return placed.computeIfAbsent(compute, this::place);
  }

  private Map<Part, Map<String, LowRank>> place(Compute compute) {
    Map<Part, Map<String, LowRank>> parts = new EnumMap<>(Part.class);
    try (TensorScope scope = TensorScope.open()) {
      factors.forEach((layer, pair) -> parts.computeIfAbsent(layer.part(), p -> new HashMap<>())
          .put(layer.path(), pair.placed(compute, region)));
    }
    return parts;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the LoRA is closed; open it again to draw with it");
    }
  }

  /** Frees its tensors; a second call does nothing. No request that carries it may still be drawn. */
  @Override
  public void close() {
    closed = true;
    region.close();
  }
}
