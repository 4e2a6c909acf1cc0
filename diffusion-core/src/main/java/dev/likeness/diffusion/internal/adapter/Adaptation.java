package dev.likeness.diffusion.internal.adapter;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * The changes that a request's adapters make to a model, by module path
 * ({@code down_blocks.0.attentions.0...attn1.to_q}). A network built over the same tensors with
 * another adaptation is another adapted model; the base is never changed.
 */
public interface Adaptation {
  /** The adaptation without changes. */
  Adaptation NONE = new Adaptation() {
    @Override
    public boolean isBatchable() {
      return true;
    }
  };

  /**
   * Returns the side paths of the layer at {@code module}, in the order in which they are added.
   */
  default List<AdapterLayer> adapterLayers(String module) {
    return List.of();
  }

  /**
   * Returns the additional branches of the attention at {@code module}. Their results pass the
   * output layer of the attention too. At a double block of FLUX, they are added to the image
   * tokens after the block.
   */
  default List<AttentionBranch> branches(String module) {
    return List.of();
  }

  /**
   * Returns the additions to the image tokens behind the transformer block at {@code block}, such
   * as {@code transformer_blocks.0} or {@code single_transformer_blocks.4}. Double-stream and
   * single-stream blocks (FLUX.1, FLUX.2, Chroma) apply them.
   */
  default List<BlockAddition> additionsBehind(String block) {
    return List.of();
  }

  /**
   * Returns true if in the self-attention at {@code module} every token attends only to itself
   * (perturbed attention). In joint attention this applies to image tokens.
   */
  default boolean isPerturbed(String module) {
    return false;
  }

  /**
   * Returns the network's tensor of that full name: {@code own}, or a tensor that replaces it. The
   * builder of the network owns a replacement, which must live as long as the network. Called only
   * if {@link #replaces} returns true.
   */
  default Tensor tensor(String name, Tensor own) {
    return own;
  }

  /** Returns true if {@link #tensor} may replace the tensor of that name. */
  default boolean replaces(String name) {
    return false;
  }

  /**
   * Returns true if layers may keep packed copies of the network's own weights, which multiply
   * faster; see {@link UnpackedWeights}.
   */
  default boolean allowsPackedWeights() {
    return true;
  }

  /**
   * Returns the changes at {@code progress}, the share of the sampling steps that are done: 0 to
   * below 1. Equal results share one adapted model, so an adaptation that changes over time must
   * return few different ones.
   */
  default Adaptation at(double progress) {
    return this;
  }

  /**
   * Returns true if all changes are side paths, so that each row of a batch may have its own; see
   * {@link BatchedAdaptation}.
   */
  default boolean isBatchable() {
    return false;
  }

  /** Returns the sum of this adaptation and {@code other}. */
  default Adaptation and(Adaptation other) {
    if (this == NONE || other == NONE) {
      return this == NONE ? other : this;
    }
    return new Summed(this, other);
  }

  /**
   * Perturbed attention: self-attentions in which every token attends only to itself (Ahn et al.
   * 2024, arXiv:2403.17377).
   *
   * @param layers regular expressions that are searched in the names of attentions
   */
  public record PerturbedAttention(List<String> layers) implements Adaptation {
    @Override
    public boolean isPerturbed(String module) {
      return layers.stream()
          .anyMatch(layer -> Pattern.compile(layer).matcher(module).find());
    }
  }

  /** The sum of two adaptations. */
  record Summed(Adaptation first, Adaptation second) implements Adaptation {
    @Override
    public List<AdapterLayer> adapterLayers(String module) {
      List<AdapterLayer> before = first.adapterLayers(module);
      List<AdapterLayer> after = second.adapterLayers(module);
      return concat(
          before,
          after.stream()
              .filter(path -> !containsKey(before, path.deduplicationKey()))
              .toList());
    }

    @Override
    public List<AttentionBranch> branches(String module) {
      return concat(first.branches(module), second.branches(module));
    }

    @Override
    public List<BlockAddition> additionsBehind(String block) {
      return concat(first.additionsBehind(block), second.additionsBehind(block));
    }

    @Override
    public boolean isPerturbed(String module) {
      return first.isPerturbed(module) || second.isPerturbed(module);
    }

    @Override
    public Tensor tensor(String name, Tensor own) {
      return second.tensor(name, first.tensor(name, own));
    }

    @Override
    public boolean replaces(String name) {
      return first.replaces(name) || second.replaces(name);
    }

    @Override
    public boolean allowsPackedWeights() {
      return first.allowsPackedWeights() && second.allowsPackedWeights();
    }

    @Override
    public Adaptation at(double progress) {
      return first.at(progress).and(second.at(progress));
    }

    @Override
    public boolean isBatchable() {
      return first.isBatchable() && second.isBatchable();
    }

    private static boolean containsKey(List<AdapterLayer> paths, Object once) {
      return once != null && paths.stream().anyMatch(path -> once == path.deduplicationKey());
    }

    private static <T> List<T> concat(List<T> first, List<T> second) {
      if (first.isEmpty() || second.isEmpty()) {
        return first.isEmpty() ? second : first;
      }
      List<T> all = new ArrayList<>(first);
      all.addAll(second);
      return all;
    }
  }

  /**
   * Makes layers multiply their weights as loaded, without packed copies. Results differ by
   * rounding only. Training uses it, because it keeps the loaded weights: packed copies would
   * double the memory of a network.
   */
  public enum UnpackedWeights implements Adaptation {
    /** The only instance. */
    INSTANCE;

    @Override
    public boolean allowsPackedWeights() {
      return false;
    }
  }
}
