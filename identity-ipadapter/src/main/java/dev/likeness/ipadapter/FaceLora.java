package dev.likeness.ipadapter;

import dev.likeness.diffusion.adapt.SidePath;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.Parameters;
import dev.likeness.diffusion.weights.TensorSource;
import dev.likeness.ipadapter.layout.BaseAttentions;
import dev.likeness.ipadapter.layout.LoraTwin;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The LoRA that an adapter of faces was trained with: every attention's four layers, at a strength of its own. */
final class FaceLora implements AutoCloseable {
  private final LoadedWeights own;
  private final Map<String, Factors> factors = new HashMap<>();

  private record Factors(Tensor down, Tensor up) { }

  /**
   * Reads {@code to_q}, {@code to_k}, {@code to_v} and {@code to_out} of every attention; takes over {@code source}.
   *
   * @throws dev.likeness.diffusion.error.UnusableInput when one is missing or does not fit the base
   */
  FaceLora(TensorSource source, BaseAttentions base, Compute compute) {
    this(new LoadedWeights(source, compute), base);
  }

  private FaceLora(LoadedWeights weights, BaseAttentions base) {
    own = weights;
    read(weights, base, key -> weights.has(key) ? weights.shape(key)[0] : 1);
  }

  /** While it learns, with that rank everywhere. */
  FaceLora(Parameters weights, int rank, BaseAttentions base) {
    own = null;
    read(weights, base, key -> rank);
  }

  private void read(Parameters weights, BaseAttentions base, ToLongFunction<String> rank) {
    for (int n = 0; n < 2 * base.paths().size(); n++) {
      for (String layer : LoraTwin.LAYERS) {
        String key = LoraTwin.key(n, layer);
        long width = base.widths().get(n / 2);
        boolean fromText = n % 2 == 1 && (layer.equals("k") || layer.equals("v"));
        long between = rank.applyAsLong(key + ".down.weight");
        factors.put(base.at(n) + "." + LoraTwin.module(layer),
            new Factors(weights.get(key + ".down.weight", between, fromText ? base.contextWidth() : width),
                weights.get(key + ".up.weight", width, between)));
      }
    }
  }

  /** What is added beside the layer at {@code module}. */
  List<SidePath> beside(String module, double strength) {
    Factors pair = factors.get(module);
    return pair == null ? List.of() : List.of(x -> {
      Tensor delta = torch.linear(torch.linear(x, pair.down), pair.up);
      return strength == 1 ? delta : delta.mul(new Scalar(strength));
    });
  }

  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }
}
