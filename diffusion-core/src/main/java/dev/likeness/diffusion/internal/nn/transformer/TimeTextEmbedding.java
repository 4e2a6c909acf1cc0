package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;

/**
 * The conditioning vector of all blocks: the sum of the embeddings of time, pooled text and, for
 * guidance-distilled networks, guidance scale.
 */
public final class TimeTextEmbedding {
  private static final SinusoidalEmbedding SINUSOIDS = new SinusoidalEmbedding(256, true, 0);

  private final TimestepEmbedding time;
  private final TimestepEmbedding guidance;
  private final TimestepEmbedding text;

  /**
   * Reads {@code timestep_embedder}, {@code text_embedder} and, if {@code guided},
   * {@code guidance_embedder}.
   */
  public TimeTextEmbedding(Weights w, int width, int pooledWidth, boolean guided) {
    time =
        new TimestepEmbedding(w.at("timestep_embedder"), SINUSOIDS.width(), width, Activation.SILU);
    guidance = guided
        ? new TimestepEmbedding(
            w.at("guidance_embedder"), SINUSOIDS.width(), width, Activation.SILU)
        : null;
    text = new TimestepEmbedding(w.at("text_embedder"), pooledWidth, width, Activation.SILU);
  }

  /**
   * Returns the activated sum [batch, width].
   *
   * @param timestep [batch] or [1], 0..1000
   * @param guide guidance times 1000 [batch] or [1]; ignored if the network has no guidance
   *     embedding
   * @param pooled [batch, pooledWidth]
   */
  public Tensor forward(Tensor timestep, Tensor guide, Tensor pooled) {
    Tensor sum = embed(time, timestep, pooled);
    Tensor guided = guidance == null ? sum : sum.add(embed(guidance, guide, pooled));
    return Activation.SILU.apply(guided.add(text.forward(pooled)));
  }

  private static Tensor embed(TimestepEmbedding embedding, Tensor value, Tensor like) {
    return embedding.forward(SINUSOIDS.embed(value).to(like.scalar_type()));
  }
}
