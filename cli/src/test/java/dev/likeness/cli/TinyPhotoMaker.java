package dev.likeness.cli;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** PhotoMaker files of seeded weights under the published names. */
public final class TinyPhotoMaker {
  private static final int WIDTH = 64;
  private static final int INNER = 16;
  private static final int PROJECTION = 8;
  private static final int RANK = 2;
  private static final int FACE = 512;

  private TinyPhotoMaker() {}

  /** Writes a file of the first or the second version for a base. */
  public static void write(BaseModel base, boolean isSecond, Path file) throws IOException {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file, SeededWeights.of(shapes(AdapterSites.of(base), isSecond), 3), Map.of());
    }
  }

  private static Map<String, long[]> shapes(AdapterSites sites, boolean isSecond) {
    Map<String, long[]> shapes = new TreeMap<>();
    String vision = "id_encoder.vision_model.";
    shapes.put(vision + "embeddings.class_embedding", new long[] {WIDTH});
    shapes.put(vision + "embeddings.patch_embedding.weight", new long[] {WIDTH, 3, 112, 112});
    shapes.put(vision + "embeddings.position_embedding.weight", new long[] {5, WIDTH});
    vector(shapes, vision + "pre_layrnorm", WIDTH);
    vector(shapes, vision + "post_layernorm", WIDTH);
    String layer = vision + "encoder.layers.0.";
    vector(shapes, layer + "layer_norm1", WIDTH);
    vector(shapes, layer + "layer_norm2", WIDTH);
    for (String name : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
      linear(shapes, layer + "self_attn." + name, WIDTH, WIDTH);
    }
    linear(shapes, layer + "mlp.fc1", INNER, WIDTH);
    linear(shapes, layer + "mlp.fc2", WIDTH, INNER);
    long context = sites.contextWidth();
    shapes.put("id_encoder.visual_projection.weight", new long[] {PROJECTION, WIDTH});
    shapes.put("id_encoder.visual_projection_2.weight", new long[] {context - PROJECTION, WIDTH});
    String fuse = "id_encoder.fuse_module.";
    vector(shapes, fuse + "layer_norm", context);
    for (int i = 1; i <= 2; i++) {
      long in = i == 1 ? 2 * context : context;
      vector(shapes, fuse + "mlp" + i + ".layernorm", in);
      linear(shapes, fuse + "mlp" + i + ".fc1", context, in);
      linear(shapes, fuse + "mlp" + i + ".fc2", context, context);
    }
    if (isSecond) {
      addPerceiver(shapes, "id_encoder.qformer_perceiver.", context);
    }
    long width = sites.widths().get(0);
    for (String name : List.of("q", "k", "v", "out")) {
      String lora = "lora_weights.unet." + sites.attentionPath(0) + ".processor.to_" + name;
      shapes.put(lora + "_lora.down.weight", new long[] {RANK, width});
      shapes.put(lora + "_lora.up.weight", new long[] {width, RANK});
    }
    return shapes;
  }

  /** The part of version 2, which reads face embeddings. */
  private static void addPerceiver(Map<String, long[]> shapes, String name, long context) {
    linear(shapes, name + "token_proj.0", INNER, FACE);
    linear(shapes, name + "token_proj.2", 2 * context, INNER);
    vector(shapes, name + "token_norm", context);
    String resampler = name + "perceiver_resampler.";
    linear(shapes, resampler + "proj_in", context, WIDTH);
    linear(shapes, resampler + "proj_out", context, context);
    vector(shapes, resampler + "norm_out", context);
    String layer = resampler + "layers.0.";
    for (String norm : List.of("0.norm1", "0.norm2", "1.0")) {
      vector(shapes, layer + norm, context);
    }
    shapes.put(layer + "0.to_q.weight", new long[] {INNER, context});
    shapes.put(layer + "0.to_kv.weight", new long[] {2 * INNER, context});
    shapes.put(layer + "0.to_out.weight", new long[] {context, INNER});
    shapes.put(layer + "1.1.weight", new long[] {4 * context, context});
    shapes.put(layer + "1.3.weight", new long[] {context, 4 * context});
  }

  private static void vector(Map<String, long[]> shapes, String name, long width) {
    shapes.put(name + ".weight", new long[] {width});
    shapes.put(name + ".bias", new long[] {width});
  }

  private static void linear(Map<String, long[]> shapes, String name, long out, long in) {
    shapes.put(name + ".weight", new long[] {out, in});
    shapes.put(name + ".bias", new long[] {out});
  }
}
