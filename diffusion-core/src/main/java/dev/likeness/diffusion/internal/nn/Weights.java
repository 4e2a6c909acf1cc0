package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A cursor over named tensors: {@code w.at("down_blocks").at(0)}. A module spells the checkpoint's
 * own key in the constructor that reads it, and asks here what an adapter adds to it.
 */
public final class Weights {
  private final Parameters parameters;
  private final Adaptation adaptation;
  private final String path;

  private Weights(Parameters parameters, Adaptation adaptation, String path) {
    this.parameters = parameters;
    this.adaptation = adaptation;
    this.path = path;
  }

  /** The root of {@code parameters}, adapted by nothing. */
  public static Weights of(Parameters parameters) {
    return of(parameters, Adaptation.NONE);
  }

  /** The root of {@code parameters}, adapted. */
  public static Weights of(Parameters parameters, Adaptation adaptation) {
    return new Weights(parameters, adaptation, "");
  }

  /** The module {@code name} below this one; dots may join several. */
  public Weights at(String name) {
    return new Weights(parameters, adaptation, fullName(name));
  }

  /** The {@code index}-th module of this list. */
  public Weights at(int index) {
    return at(Integer.toString(index));
  }

  /**
   * The tensor {@code name} of this module, checked for presence and shape, as adapters have it.
   */
  public Tensor tensor(String name, long... shape) {
    String full = fullName(name);
    return adaptation.tensor(full, parameters.get(full, shape));
  }

  /** The same as a layer's weight, which may lie in memory smaller than it is used. */
  public LayerWeight matrix(String name, long... shape) {
    String full = fullName(name);
    LayerWeight own = adaptation.allowsPackedWeights()
        ? parameters.matrix(full, shape)
        : new LayerWeight.Plain(parameters.get(full, shape));
    if (!adaptation.replaces(full)) {
      return own;
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor wide = own.tensor();
      Tensor adapted = adaptation.tensor(full, wide);
      return adapted == wide ? own : new LayerWeight.Plain(scope.promote(adapted));
    }
  }

  /** Whether this module has a tensor {@code name}. */
  public boolean has(String name) {
    return parameters.has(fullName(name));
  }

  /** What adapters add beside this layer. */
  public List<AdapterLayer> adapterLayers() {
    return adaptation.adapterLayers(path);
  }

  /** What adapters add beside this attention. */
  public List<AttentionBranch> branches() {
    return adaptation.branches(path);
  }

  /** Whether in this self-attention every token sees itself alone. */
  public boolean isPerturbed() {
    return adaptation.isPerturbed(path);
  }

  /**
   * The share of an image's tokens that is merged for self-attention where the image is largest.
   */
  public double tokenMergingRatio() {
    return adaptation.tokenMergingRatio();
  }

  /** Whether the blocks of a network are brought in for their use alone. */
  boolean isStreamed() {
    return parameters.isStreamed();
  }

  /** The tensors of this module, still to be loaded. */
  Parameters.Block block() {
    return parameters.block(path);
  }

  /** The same module with other tensors. */
  Weights of(Parameters.Block portion) {
    return new Weights(portion, adaptation, path);
  }

  /** This module's full name, empty at the root. */
  public String path() {
    return path;
  }

  private String fullName(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
