package dev.likeness.ipadapter.internal.attention;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.LowRankLayer;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.file.FaceIdLoraFile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;

/**
 * The LoRA that a FaceID adapter was trained with: four layers of every attention, with their own
 * strength.
 */
public final class FaceIdLora implements AutoCloseable {
  private final LoadedWeights weights;
  /** The factors of each layer, with the scale from the file. */
  private final Map<String, AdapterLayer.Factors> factors = new HashMap<>();

  /**
   * Reads {@code to_q}, {@code to_k}, {@code to_v} and {@code to_out} of every attention; takes
   * ownership of {@code source}.
   *
   * @param whole true if all attentions of the base are required, as for FaceID; false if some are
   *     enough
   * @throws dev.likeness.diffusion.error.InvalidInputException if a layer is missing, does not fit
   *     the base, or belongs to none of its attentions
   */
  public FaceIdLora(TensorSource source, AdapterSites base, boolean whole, Compute compute) {
    this(new LoadedWeights(source, compute), base, whole);
  }

  private FaceIdLora(LoadedWeights weights, AdapterSites base, boolean whole) {
    this.weights = weights;
    try {
      Set<String> there = weights.names().stream()
          .filter(FaceIdLoraFile::isKey)
          .map(FaceIdLora::attentionPath)
          .collect(Collectors.toSet());
      read(
          weights,
          base,
          n -> whole || there.contains(attentionPath(FaceIdLoraFile.key(n, "q"))),
          key -> rank(weights, key),
          key -> scale(weights, key));
      weights.requireAllRead(weights.names().stream()
          .filter(name -> !FaceIdLoraFile.isKey(name))
          .collect(Collectors.toSet()));
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /** Returns the part of a layer's key that names its attention. */
  private static String attentionPath(String key) {
    return key.substring(0, key.indexOf(".to_"));
  }

  private static long rank(LoadedWeights weights, String key) {
    return weights.has(key) && weights.shape(key).length > 0 ? weights.shape(key)[0] : 1;
  }

  /** Returns alpha / rank for kohya's files, else 1. */
  private static double scale(LoadedWeights weights, String key) {
    String alpha = key + ".alpha";
    if (!weights.has(alpha)) {
      return 1;
    }
    Tensor value = weights.shape(alpha).length == 0 ? weights.get(alpha) : weights.get(alpha, 1);
    double scale = value.item_double() / rank(weights, key + ".down.weight");
    if (!Double.isFinite(scale)) {
      throw new InvalidInputException("the LoRA of the adapter: " + Quoted.of(alpha) + " is "
          + value.item_double() + " beside factors of rank "
          + rank(weights, key + ".down.weight")
          + ", expected a finite number and a rank of at least 1; download the file again");
    }
    return scale;
  }

  /** Creates the LoRA for training, with the same rank in every layer. */
  public FaceIdLora(Parameters weights, int rank, AdapterSites base) {
    this.weights = null;
    read(weights, base, n -> true, key -> rank, key -> 1);
  }

  private void read(
      Parameters weights,
      AdapterSites base,
      IntPredicate there,
      ToLongFunction<String> rank,
      ToDoubleFunction<String> scale) {
    for (int n = 0; n < 2 * base.paths().size(); n++) {
      for (String layer : there.test(n) ? FaceIdLoraFile.LAYERS : List.<String>of()) {
        String key = FaceIdLoraFile.key(n, layer);
        long width = base.widths().get(n / 2);
        boolean fromText = n % 2 == 1 && (layer.equals("k") || layer.equals("v"));
        long between = rank.applyAsLong(key + ".down.weight");
        factors.put(
            base.attentionPath(n) + "." + FaceIdLoraFile.module(layer),
            new AdapterLayer.Factors(
                weights.get(key + ".down.weight", between, fromText ? base.contextWidth() : width),
                weights.get(key + ".up.weight", width, between),
                scale.applyAsDouble(key)));
      }
    }
  }

  /**
   * Returns the change of the layer at {@code module}; empty if it has none. If a request has
   * several prompts of one adapter, the first decides the strength.
   */
  public List<AdapterLayer> adapterLayers(String module, double strength) {
    AdapterLayer.Factors pair = factors.get(module);
    return pair == null
        ? List.of()
        : List.of(new LowRankLayer(pair.down(), null, pair.up(), strength * pair.scale(), pair));
  }

  @Override
  public void close() {
    if (weights != null) {
      weights.close();
    }
  }
}
