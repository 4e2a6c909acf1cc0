package dev.likeness.diffusion.internal.adapter;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * What a request adds to a model, looked up by module path
 * ({@code down_blocks.0.attentions.0...attn1.to_q}). A network built over the same tensors with
 * another adaptation is another adapted view; the base is never touched.
 */
public interface Adaptation {
  /** Adds nothing. */
  Adaptation NONE = new Adaptation() {
    @Override
    public boolean isBeside() {
      return true;
    }
  };

  /** The side paths of the layer at {@code module}, in the order they are added. */
  default List<AdapterLayer> sidePaths(String module) {
    return List.of();
  }

  /**
   * The extra branches of the attention at {@code module}, whose layer after the attention they go
   * through too; or, at a double block of FLUX, branches that are added to the picture after the
   * block.
   */
  default List<AttentionBranch> branches(String module) {
    return List.of();
  }

  /**
   * Whether in the self-attention at {@code module} every token sees itself alone (of a picture's
   * and a text's: the picture's).
   */
  default boolean perturbs(String module) {
    return false;
  }

  /**
   * The share of a picture's tokens, 0 to 0.75, that a UNet merges for self-attention where it
   * attends to most of them.
   */
  default double merged() {
    return 0;
  }

  /**
   * What the network has in the place of its own tensor of that full name; {@code own} itself where
   * nothing changes. Another tensor is owned by whoever builds the network, and lives as long.
   * Asked where {@link #replaces} says so.
   */
  default Tensor tensor(String name, Tensor own) {
    return own;
  }

  /**
   * Whether {@link #tensor} may give another tensor for that name; where not, it need not be asked.
   */
  default boolean replaces(String name) {
    return false;
  }

  /**
   * Whether layers may keep forms of the network's own weights that they multiply faster:
   * {@link UnpackedWeights}.
   */
  default boolean packs() {
    return true;
  }

  /**
   * What of this is added at {@code progress} through the sampling steps, from 0 to just below 1.
   * Equal answers share one adapted view, so one that changes over time gives few different ones.
   */
  default Adaptation at(double progress) {
    return this;
  }

  /**
   * Whether all that this adds are side paths, so that each row of a batch may have its own: see
   * {@link BatchedAdaptation}.
   */
  default boolean isBeside() {
    return false;
  }

  /** This adaptation and {@code other}, summed. */
  default Adaptation and(Adaptation other) {
    if (this == NONE || other == NONE) {
      return this == NONE ? other : this;
    }
    return new Summed(this, other);
  }
}
