package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** An adapter's tensors named as diffusers names them inside a UNet (its loaders/unet.py). */
final class DiffusersKeyFormat {
  private static final String PROJECTION = "encoder_hid_proj.image_projection_layers.0.";

  private DiffusersKeyFormat() {}

  static Map<String, Tensor> of(Map<String, Tensor> published, BaseModel base) {
    AdapterSites attentions = AdapterSites.of(base);
    boolean resamplesFace = published.containsKey("image_proj.perceiver_resampler.proj_in.weight");
    Map<String, Tensor> out = new HashMap<>();
    published.forEach((name, tensor) -> {
      if (name.startsWith("ip_adapter.")) {
        String[] parts = name.split("\\.", 3);
        String path = attentions.attentionPath(Integer.parseInt(parts[1])) + ".processor.";
        out.put(
            parts[2].contains("_ip.")
                ? path + parts[2].replace("_ip.", "_ip.0.")
                : "unet." + path + parts[2],
            tensor);
      } else if (name.endsWith("to_kv.weight")) {
        String at = PROJECTION + innerName(name, resamplesFace);
        long inner = tensor.size(0) / 2;
        out.put(at.replace("to_kv", "to_k"), tensor.narrow(0, 0, inner));
        out.put(at.replace("to_kv", "to_v"), tensor.narrow(0, inner, inner));
      } else {
        out.put(PROJECTION + innerName(name, resamplesFace), tensor);
      }
    });
    return out;
  }

  private static String innerName(String name, boolean resamplesFace) {
    String key = name.replace("image_proj.", "").replace("perceiver_resampler.", "");
    if (key.startsWith("layers.")) {
      return key.replace(".0.norm1.", ".ln0.")
          .replace(".0.norm2.", ".ln1.")
          .replace(".0.to_out.", ".attn.to_out.0.")
          .replace(".0.to_", ".attn.to_")
          .replaceFirst("^(layers\\.\\d+)\\.1\\.0\\.", "$1.ff.0.")
          .replaceFirst("^(layers\\.\\d+)\\.1\\.1\\.", "$1.ff.1.net.0.proj.")
          .replaceFirst("^(layers\\.\\d+)\\.1\\.3\\.", "$1.ff.1.net.2.");
    }
    String layers = resamplesFace ? "proj" : "ff";
    return key.replaceFirst("^proj\\.0\\.", layers + ".net.0.proj.")
        .replaceFirst("^proj\\.2\\.", layers + ".net.2.")
        .replaceFirst("^proj\\.3\\.", "norm.")
        .replaceFirst("^proj\\.(weight|bias)", "image_embeds.$1");
  }
}
