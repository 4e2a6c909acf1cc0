package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Numbered;
import dev.likeness.diffusion.internal.file.Place;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;

/**
 * A text encoder of transformers inside a single file: its own names, those of merges that lost a
 * module, or those that stable-diffusion.cpp gives OpenCLIP's, whose forms it keeps.
 */
final class ClipLayout implements KeyMapping {
  private static final String MODULE = "text_model.";
  private static final String LAYERS = MODULE + "encoder.layers.";
  private static final String FUSED = ".self_attn.in_proj.";
  private static final List<String> PARTS =
      List.of(".self_attn.q_proj.", ".self_attn.k_proj.", ".self_attn.v_proj.");
  /** What a whole CLIP has beside its text encoder. */
  private static final List<String> BESIDE =
      List.of("vision_model.", "visual_projection.", "logit_scale");

  private final boolean named;
  private final int most;
  private final boolean fused;
  private final Place projection;

  private ClipLayout(boolean named, int most, boolean fused, Place projection) {
    this.named = named;
    this.most = most;
    this.fused = fused;
    this.projection = projection;
  }

  /** As it is written: {@code text_model.} in its names, all layers. */
  static ClipLayout whole() {
    return new ClipLayout(true, Integer.MAX_VALUE, false, Place.whole(ClipKeyFormat.PROJECTION));
  }

  /**
   * The text encoder below {@code prefix}.
   *
   * @param named whether the file has {@code text_model.} in its names
   * @param most how many layers are used at most
   */
  static ClipLayout of(TensorNames keys, String prefix, boolean named, int most) {
    String open = MODULE + "text_projection";
    // Stable Diffusion 3's own files hold it turned already, and it is renamed as it is.
    Place.Form form = prefix.startsWith("text_encoders.") ? Place.Form.SAME : Place.Form.TRANSPOSED;
    boolean fused = keys.has(
        prefix + (named ? LAYERS : LAYERS.substring(MODULE.length())) + "0" + FUSED + "weight");
    return new ClipLayout(
        named,
        most,
        fused,
        keys.has(prefix + open) ? Place.whole(open, form) : Place.whole(ClipKeyFormat.PROJECTION));
  }

  /** Whether a whole CLIP's tensor is none of its text encoder's. */
  static boolean isBeside(String name) {
    return name.endsWith("position_ids") || BESIDE.stream().anyMatch(name::startsWith);
  }

  @Override
  public Place place(String canonical) {
    if (canonical.equals(ClipKeyFormat.PROJECTION)) {
      return projection;
    }
    String here =
        named || !canonical.startsWith(MODULE) ? canonical : canonical.substring(MODULE.length());
    String part = fused ? PARTS.stream().filter(here::contains).findFirst().orElse(null) : null;
    return part == null
        ? Place.whole(here)
        : Place.run(here.replace(part, FUSED), PARTS.indexOf(part), PARTS.size());
  }

  @Override
  public List<String> canonical(String foreign) {
    if (foreign.equals(projection.name())) {
      return List.of(ClipKeyFormat.PROJECTION);
    }
    String name = named || foreign.startsWith("text_projection.") ? foreign : MODULE + foreign;
    if (isBeside(foreign)
        || name.startsWith(LAYERS)
            && Numbered.number(name.substring(LAYERS.length()).split("\\.")[0]) >= most) {
      return List.of();
    }
    return fused && name.contains(FUSED)
        ? PARTS.stream().map(part -> name.replace(FUSED, part)).toList()
        : List.of(name);
  }
}
