package dev.likeness.ipadapter.internal.method.instantxsd3;

import dev.likeness.diffusion.internal.adapter.AttentionBranch.BranchInputs;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.ipadapter.internal.attention.TokenBranch;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * InstantX's attention for Stable Diffusion 3.5: the image attends to itself and to image tokens,
 * with own norms of queries and keys. Same names and results as diffusers'
 * {@code SD3IPAdapterJointAttnProcessor2_0}.
 */
final class TimestepAttention {
  private static final double EPS = 1e-6;

  private final Linear modulation;
  private final Linear toK;
  private final Linear toV;
  private final RmsNorm normQ;
  private final RmsNorm normK;
  private final RmsNorm normTokens;
  private final long width;

  /**
   * Reads {@code norm_ip.linear}, {@code to_k_ip}, {@code to_v_ip}, {@code norm_q}, {@code norm_k},
   * {@code norm_ip_k}.
   *
   * @param width width of tokens and image
   * @param timeWidth width of the timestep embedding
   * @param headWidth head width of the base's attention
   */
  public TimestepAttention(Weights w, long width, long timeWidth, long headWidth) {
    this.width = width;
    modulation = new Linear(w.at("norm_ip").at("linear"), timeWidth, 2 * width);
    toK = Linear.withoutBias(w.at("to_k_ip"), width, width);
    toV = Linear.withoutBias(w.at("to_v_ip"), width, width);
    normQ = new RmsNorm(w.at("norm_q"), headWidth, EPS);
    normK = new RmsNorm(w.at("norm_k"), headWidth, EPS);
    normTokens = new RmsNorm(w.at("norm_ip_k"), headWidth, EPS);
  }

  /**
   * Attends to the image itself and to tokens [1, n, width] at a timestep embedding [1, timeWidth].
   *
   * @param bias added to the tokens' scores, [1, 1, 1, n], or null
   */
  Tensor attend(BranchInputs image, Tensor tokens, Tensor time, Tensor bias) {
    Tensor seen = modulate(tokens, time);
    Tensor own = image.value();
    Tensor keys = normTokens.forward(splitHeads(toK.forward(seen), own));
    Tensor all = torch.cat(new TensorVector(normK.forward(image.plainKey()), expand(keys, own)), 2);
    Tensor values =
        torch.cat(new TensorVector(own, expand(splitHeads(toV.forward(seen), own), own)), 2);
    return ScaledDotProduct.attend(
        normQ.forward(image.plainQuery()), all, values, padBias(own, bias));
  }

  private Tensor modulate(Tensor tokens, Tensor time) {
    TensorVector told = modulation.forward(torch.silu(time)).unsqueeze(1).chunk(2, -1);
    TensorOptional none = new TensorOptional();
    Tensor plain = torch.layer_norm(tokens, new long[] {width}, none, none, EPS, false);
    return plain.mul(told.get(1).add(new Scalar(1.0))).add(told.get(0));
  }

  private static Tensor splitHeads(Tensor x, Tensor like) {
    return x.view(1, x.size(1), like.size(1), like.size(3)).transpose(1, 2);
  }

  private static Tensor expand(Tensor one, Tensor like) {
    return one.expand(like.size(0), one.size(1), one.size(2), one.size(3));
  }

  /** Pads the bias with zeros for the image's own tokens. */
  private static Tensor padBias(Tensor own, Tensor bias) {
    return bias == null
        ? null
        : torch.cat(new TensorVector(bias.new_zeros(1, 1, 1, own.size(2)), bias), 3);
  }

  /**
   * Image tokens that depend on the timestep, for one block of Stable Diffusion 3.
   *
   * @param bias added to the scores of the tokens, [1, 1, 1, tokens], or null
   */
  public record TimestepMemory(
      Tokens tokens, TimestepAttention attention, double scale, Tensor bias)
      implements TokenBranch.Memory {
    /**
     * The tokens of one request, computed once for each pass of the network and shared by its
     * blocks. Not thread-safe.
     */
    public static final class Tokens {
      private final TimestepResampler resampler;
      private final Tensor imageFeatures;
      private final Tensor tokens;
      private final Tensor timeEmbedding;
      private Tensor time;

      /**
       * Creates the tokens; they belong to the calling scope.
       *
       * @param imageFeatures outputs of the image encoder, [n, tokens, width]
       * @param count number of tokens
       * @param width width of a token
       */
      Tokens(TimestepResampler resampler, Tensor imageFeatures, long count, long width) {
        this.resampler = resampler;
        this.imageFeatures = imageFeatures;
        tokens = imageFeatures.new_empty(1, imageFeatures.size(0) * count, width);
        timeEmbedding = resampler.timeEmbedding(imageFeatures.new_zeros(1)).clone();
      }

      /** Computes the tokens in place if the timestep tensor is another one. */
      private void update(Tensor now) {
        if (now == time) {
          return;
        }
        try (TensorScope scope = TensorScope.open()) {
          timeEmbedding.copy_(resampler.timeEmbedding(now));
          tokens.copy_(resampler
              .forward(new ImageProjection.ProjectionInputs(imageFeatures, null, timeEmbedding))
              .view_as(tokens));
        }
        time = now;
      }
    }

    @Override
    public Tensor attend(BranchInputs image) {
      tokens.update(image.time());
      return attention
          .attend(image, tokens.tokens, tokens.timeEmbedding, bias)
          .mul(new Scalar(scale));
    }
  }
}
