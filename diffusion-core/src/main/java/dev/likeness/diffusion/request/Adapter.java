package dev.likeness.diffusion.request;

import java.util.List;

/**
 * A change of the base model for one request: a LoRA at a weight, an image prompt, or a person.
 *
 * <p>The modules that provide adapters change networks with types of the engine. A class of an
 * application may implement this interface too: a request then takes its textual inversions,
 * reference images and control images, and the adapters that {@link #components} returns.
 */
public interface Adapter {
  /**
   * {@return the textual inversions of this adapter, whose tokens the prompts may use; empty by
   * default}
   */
  default List<TextualInversion> textualInversions() {
    return List.of();
  }

  /**
   * {@return the reference images that this adapter adds to a request, such as images of a person;
   * none by default} Only editing models accept reference images.
   */
  default ReferenceImages referenceImages() {
    return ReferenceImages.NONE;
  }

  /**
   * {@return the control images that this adapter adds to a request, each with its ControlNet; none
   * by default}
   */
  default List<ControlImage> controlImages() {
    return List.of();
  }

  /**
   * {@return true if the adapter acts on regions of the image; false by default} With such an
   * adapter, windows or crops of an image cannot be generated separately.
   */
  default boolean isRegional() {
    return false;
  }

  /**
   * {@return the parts of this adapter, if it is a sum of adapters; otherwise a list with only this
   * adapter}
   */
  default List<Adapter> components() {
    return List.of(this);
  }

  /**
   * {@return an adapter that applies the changes of this adapter and of the other one}
   *
   * @param other the other adapter
   */
  Adapter and(Adapter other);

  /** {@return this adapter without gradient guidance, such as face guidance} */
  Adapter withoutGradientGuidance();
}
