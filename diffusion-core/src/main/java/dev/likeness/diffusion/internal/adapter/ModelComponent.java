package dev.likeness.diffusion.internal.adapter;

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
}
