package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.adapter.BlockAddition;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A cursor over named tensors: {@code w.at("down_blocks").at(0)}. A module names the checkpoint's
 * keys in its constructor and gets from here the additions of adapters.
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

  /** Returns the root of {@code parameters} without adapters. */
  public static Weights of(Parameters parameters) {
    return of(parameters, Adaptation.NONE);
  }

  /** Returns the root of {@code parameters} with an adaptation. */
  public static Weights of(Parameters parameters, Adaptation adaptation) {
    return new Weights(parameters, adaptation, "");
  }

  /** Returns the module {@code name} below this one; a name may have several parts with dots. */
  public Weights at(String name) {
    return new Weights(parameters, adaptation, fullName(name));
  }

  /** Returns module {@code index} of this list. */
  public Weights at(int index) {
    return at(Integer.toString(index));
  }

  /**
   * Returns the tensor {@code name} of this module, checked for presence and shape, with changes by
   * adapters.
   */
  public Tensor tensor(String name, long... shape) {
    String full = fullName(name);
    return adaptation.tensor(full, parameters.get(full, shape));
  }

  /**
   * Returns a tensor as a layer's weight, which may be stored in a smaller type than it is used in.
   */
  public LayerWeight matrix(String name, long... shape) {
    String full = fullName(name);
    LayerWeight own = adaptation.allowsPackedWeights()
        ? parameters.matrix(full, shape)
        : parameters.unpackedMatrix(full, shape);
    if (!adaptation.replaces(full)) {
      return own;
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor wide = own.tensor();
      Tensor adapted = adaptation.tensor(full, wide);
      return adapted == wide ? own : new LayerWeight.Plain(scope.promote(adapted));
    }
  }

  /** Returns true if this module has a tensor {@code name}. */
  public boolean has(String name) {
    return parameters.has(fullName(name));
  }

  /** Returns the layers that adapters add to this layer. */
  public List<AdapterLayer> adapterLayers() {
    return adaptation.adapterLayers(path);
  }

  /** Returns the branches that adapters add to this attention. */
  public List<AttentionBranch> branches() {
    return adaptation.branches(path);
  }

  /** Returns the additions of adapters to the image tokens behind this block. */
  public List<BlockAddition> additionsBehind() {
    return adaptation.additionsBehind(path);
  }

  /** Returns true if this self-attention is perturbed: every token attends to itself only (PAG). */
  public boolean isPerturbed() {
    return adaptation.isPerturbed(path);
  }

  /** Returns true if the blocks of the network are streamed. */
  boolean isStreamed() {
    return parameters.isStreamed();
  }

  /** Returns the tensors of this module, not loaded yet. */
  Parameters.Block block() {
    return parameters.block(path);
  }

  /** Returns this module with the tensors of a block. */
  Weights of(Parameters.Block portion) {
    return new Weights(portion, adaptation, path);
  }

  /** Returns this module's full name, empty at the root. */
  public String path() {
    return path;
  }

  private String fullName(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
