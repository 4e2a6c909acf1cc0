package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import java.util.Set;

/** The kinds of networks that IP-Adapters are made for. */
public enum Target {
  /** Stable Diffusion 1.x, 2.x and XL: the cross-attentions of a UNet. */
  UNET,
  /** FLUX.1: double blocks, and for some adapters single blocks too. */
  FLUX,
  /** Stable Diffusion 3.x: all attentions. */
  SD3;

  /** The width of what SDXL's attentions attend to. */
  static final int XL_CONTEXT = 2048;

  /** The network with these tensors, or null when no IP-Adapter is made for it. */
  static Target of(Set<String> names) {
    if (names.stream()
        .anyMatch(name -> name.contains(".attentions.") && name.contains(".attn2."))) {
      return UNET;
    }
    if (!names.contains("context_embedder.weight")) {
      return null;
    }
    return names.contains("pos_embed.proj.weight")
        ? SD3
        : names.contains("time_text_embed.timestep_embedder.linear_1.weight") ? FLUX : null;
  }

  /** The part of a base model that adapters speak to. */
  public ModelComponent part() {
    return this == UNET ? ModelComponent.UNET : ModelComponent.TRANSFORMER;
  }

  /** The family of base models whose attentions understand image tokens of this width. */
  public String describe(long contextWidth) {
    return switch (this) {
      case FLUX -> "FLUX.1 (context " + contextWidth + ")";
      case SD3 -> "Stable Diffusion 3.x (width " + contextWidth + ")";
      case UNET ->
        switch ((int) contextWidth) {
          case 768 -> "Stable Diffusion 1.x (context 768)";
          case 1024 -> "Stable Diffusion 2.x (context 1024)";
          case XL_CONTEXT -> "SDXL (context 2048)";
          default -> "a base with context " + contextWidth;
        };
    };
  }
}
