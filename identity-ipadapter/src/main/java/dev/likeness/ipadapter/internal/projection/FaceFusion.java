package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * PhotoMaker's fuse module (Li et al. 2023, arXiv:2312.04461, section 3.2): merges the embedding of
 * the class word with the embeddings of a person's photos. Same results as {@code FuseModule}.
 * Immutable and thread-safe.
 */
public final class FaceFusion {
  private final Mlp first;
  private final Mlp second;
  private final LayerNorm norm;

  /** Reads a module for prompt embeddings of {@code width} channels. */
  public FaceFusion(Weights w, long width) {
    first = new Mlp(w.at("mlp1"), 2 * width, width);
    second = new Mlp(w.at("mlp2"), width, width);
    norm = new LayerNorm(w.at("layer_norm"), width);
  }

  /**
   * Merges embeddings of class tokens [k, width] with those of photos [k, width]; returns [k,
   * width].
   */
  public Tensor fuse(Tensor classTokens, Tensor photos) {
    Tensor both = torch.cat(new TensorVector(classTokens, photos), -1);
    Tensor merged = first.forward(both).add(classTokens);
    return norm.forward(second.forward(merged).add(merged));
  }

  /**
   * Returns prompt embeddings [1, n, width] in which the k class tokens from {@code position} on
   * are merged with the embeddings of photos [k, width].
   */
  public Tensor fuseInto(Tensor prompt, Tensor photos, long position) {
    long count = photos.size(0);
    long end = position + count;
    if (position < 0 || end > prompt.size(1)) {
      throw new IllegalArgumentException("class tokens " + position + " to " + end
          + " are outside of a prompt of " + prompt.size(1) + " tokens");
    }
    Tensor fused = fuse(prompt.select(0, 0).narrow(0, position, count), photos).unsqueeze(0);
    return torch.cat(
        new TensorVector(
            prompt.narrow(1, 0, position), fused, prompt.narrow(1, end, prompt.size(1) - end)),
        1);
  }

  /** A norm and two layers with GELU between. */
  private static final class Mlp {
    private final LayerNorm norm;
    private final Linear in;
    private final Linear out;

    Mlp(Weights w, long in, long width) {
      norm = new LayerNorm(w.at("layernorm"), in);
      this.in = new Linear(w.at("fc1"), in, width);
      out = new Linear(w.at("fc2"), width, width);
    }

    Tensor forward(Tensor x) {
      return out.forward(torch.gelu(in.forward(norm.forward(x))));
    }
  }
}
