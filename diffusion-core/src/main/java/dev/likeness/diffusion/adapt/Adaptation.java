package dev.likeness.diffusion.adapt;

import java.util.ArrayList;
import java.util.List;

/**
 * What a request adds to a model, looked up by module path ({@code down_blocks.0.attentions.0...attn1.to_q}). A network
 * built over the same tensors with another adaptation is another adapted view; the base is never touched.
 */
public interface Adaptation {
  /** Adds nothing. */
  Adaptation NONE = new Adaptation() { };

  /** The side paths of the layer at {@code module}, in the order they are added. */
  default List<SidePath> sidePaths(String module) {
    return List.of();
  }

  /** The extra branches of the cross-attention at {@code module}. */
  default List<AttentionBranch> branches(String module) {
    return List.of();
  }

  /** This adaptation and {@code other}, summed. */
  default Adaptation and(Adaptation other) {
    Adaptation self = this;
    return new Adaptation() {
      @Override
      public List<SidePath> sidePaths(String module) {
        return joined(self.sidePaths(module), other.sidePaths(module));
      }

      @Override
      public List<AttentionBranch> branches(String module) {
        return joined(self.branches(module), other.branches(module));
      }
    };
  }

  private static <T> List<T> joined(List<T> first, List<T> second) {
    if (first.isEmpty() || second.isEmpty()) {
      return first.isEmpty() ? second : first;
    }
    List<T> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }
}
