package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.AdapterProducts;
import dev.likeness.diffusion.internal.nn.LowRankLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * LoRA: the low-rank delta {@code scale * up (down x)} of a layer (Hu et al. 2021,
 * arXiv:2106.09685, equation 3). For a convolution the window is in {@code down}, or in {@code mid}
 * between two 1x1 convolutions.
 *
 * @param down [rank, in] or [rank, in, kernel, kernel]
 * @param mid [rank, rank, kernel, kernel], or null
 * @param up [out, rank] or [out, rank, 1, 1]
 * @param scale alpha / rank, or alpha / sqrt(rank) for rsLoRA
 */
public record LoraDelta(Tensor down, Tensor mid, Tensor up, double scale)
    implements WeightDelta.Unmerged {
  @Override
  public long rank() {
    return down.size(0);
  }

  @Override
  public Tensor deltaWeight(Tensor weight) {
    Tensor first = Tucker.mergeCore(this).to(ScalarType.Float).flatten(1, -1);
    return torch
        .matmul(up.to(ScalarType.Float).flatten(1, -1), first)
        .mul(new Scalar(scale))
        .view(weight.shape());
  }

  @Override
  public AdapterLayer at(double weight) {
    return new LowRankLayer(down, mid, up, weight * scale, null);
  }

  @Override
  public LoraDelta map(UnaryOperator<Tensor> place) {
    return new LoraDelta(
        place.apply(down), mid == null ? null : place.apply(mid), place.apply(up), scale);
  }

  /**
   * A low-rank delta whose second factor has a bias, for a layer that has none (peft's
   * {@code lora_bias}). No change of the weight can express it.
   *
   * @param bias [out], times the scale of the delta
   */
  public record Biased(LoraDelta factors, Tensor bias) implements WeightDelta.Unmerged {
    /**
     * Refuses to make a weight.
     *
     * @throws InvalidInputException always
     */
    @Override
    public Tensor deltaWeight(Tensor weight) {
      throw new InvalidInputException(
          "the LoRA adds a bias to a layer that has no bias in this base, so it cannot be fused or "
              + "merged; use it as an adapter");
    }

    @Override
    public AdapterLayer at(double weight) {
      return new BiasedLayer(factors.at(weight), bias, weight);
    }

    @Override
    public Biased map(UnaryOperator<Tensor> place) {
      return new Biased(factors.map(place), place.apply(bias));
    }

    @Override
    public long rank() {
      return factors.rank();
    }

    @Override
    public double scale() {
      return factors.scale();
    }

    private record BiasedLayer(AdapterLayer factors, Tensor bias, double weight)
        implements AdapterLayer {
      @Override
      public Tensor delta(Tensor x) {
        return factors.delta(x).add(offset(x), new Scalar(weight));
      }

      @Override
      public Tensor delta(Tensor x, long[] stride, long[] padding) {
        return factors.delta(x, stride, padding).add(offset(x).view(-1, 1, 1), new Scalar(weight));
      }

      private Tensor offset(Tensor x) {
        return AdapterProducts.castLike(x, bias);
      }
    }
  }

  /**
   * The Tucker form: factors with a core between them (Tucker 1966; in LyCORIS {@code lora_mid},
   * {@code hada_t1}, {@code lokr_t2}).
   */
  public static final class Tucker {
    private Tucker() {}

    /**
     * Returns the core, if there is one, merged with the first factor into one kernel [rank, in,
     * kernel, kernel].
     */
    public static Tensor mergeCore(LoraDelta pair) {
      if (pair.mid() == null) {
        return pair.down();
      }
      return contract(pair.mid(), pair.down().flatten(1, -1));
    }

    /**
     * Returns the kernel [out, in, kernel, kernel] of a core [r, s, kernel, kernel] between left
     * [r, out] and right [s, in].
     */
    static Tensor rebuild(Tensor core, Tensor left, Tensor right) {
      Tensor inner = contract(core, right);
      return torch
          .matmul(left.t(), inner.flatten(1, -1))
          .view(left.size(1), right.size(1), core.size(2), core.size(3));
    }

    private static Tensor contract(Tensor core, Tensor right) {
      Tensor rows = core.permute(0, 2, 3, 1).reshape(-1, core.size(1));
      return torch
          .matmul(rows, right)
          .view(core.size(0), core.size(2), core.size(3), -1)
          .permute(0, 3, 1, 2)
          .contiguous();
    }
  }
}
