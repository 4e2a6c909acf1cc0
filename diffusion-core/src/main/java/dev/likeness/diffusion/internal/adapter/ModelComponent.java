package dev.likeness.diffusion.internal.adapter;

import java.util.Set;

/** The networks of a base model that adapters can change, by the names of a diffusers folder. */
public enum ModelComponent {
  UNET("unet"),
  TRANSFORMER("transformer"),
  TEXT_ENCODER("text_encoder"),
  TEXT_ENCODER_2("text_encoder_2"),
  TEXT_ENCODER_3("text_encoder_3");

  private final String folder;

  ModelComponent(String folder) {
    this.folder = folder;
  }

  /** The component's name in a diffusers folder and in LoRA keys. */
  public String folder() {
    return folder;
  }

  /** Names and shapes of a model's tensors. An adapter uses them to recognise its base. */
  public interface Tensors {
    /**
     * Returns the names of a component's tensors, from which adapters derive module names; empty if
     * the model lacks the component.
     */
    Set<String> tensorNames(ModelComponent component);

    /** Returns the shape of one of {@link #tensorNames}. */
    long[] tensorShape(ModelComponent component, String name);
  }
}
