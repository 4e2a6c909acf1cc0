package dev.likeness.diffusion.internal.adapter;

import java.util.Set;

/** The networks of a base model that adapters reach, named as its folder names them. */
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

  /** Names and shapes of a model's tensors, by which an adapter recognises its base. */
  public interface Tensors {
    /**
     * The names of a component's tensors, from which adapters derive its modules; empty if the
     * model lacks the component.
     */
    Set<String> tensorNames(ModelComponent part);

    /** The shape of one of {@link #tensorNames}. */
    long[] tensorShape(ModelComponent part, String name);

    /** Whose tensors these are, where another stands before them: by it two are compared. */
    default Tensors unwrapped() {
      return this;
    }
  }
}
