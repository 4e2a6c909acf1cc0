package dev.likeness.ipadapter.layout;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.weights.TensorSource;
import dev.likeness.ipadapter.layout.AdapterLayout.Resampling;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells an adapter's kind and sizes from names and shapes, by the rules of docs/ipadapter.md. */
final class HeaderReader {
  private static final String FACE = "perceiver_resampler.";
  private static final Pattern KEYS = Pattern.compile("ip_adapter\\.(\\d{1,6})\\.to_k_ip\\.weight");
  private static final int FACE_NUMBERS = 512;
  private static final int FACE_ID_TOKENS = 4;

  private final TensorSource source;
  private final String fileName;

  /** @param fileName which speaks of what the header does not */
  HeaderReader(TensorSource source, String fileName) {
    this.source = source;
    this.fileName = fileName;
  }

  AdapterLayout layout() {
    List<Long> attentions = attentions();
    if (has("time_embedding.linear_1.weight")) {
      return timed(attentions);
    } else if (has("perceiver_resampler.proj_in.weight")) {
      return refined(attentions);
    } else if (has("latents")) {
      return resampled(attentions);
    } else if (has("proj.3.weight")) {
      return new AdapterLayout(AdapterKind.FULL_FACE, 0, shape("proj.3.weight")[0], shape("proj.0.weight")[1], 0,
          shape("proj.0.weight")[0], null, attentions, lora());
    } else if (has("proj.2.weight") && has("norm.weight")) {
      return twoLayers(attentions);
    } else if (has("proj.weight") && has("norm.weight")) {
      return pooled(attentions);
    }
    throw new UnusableInput(source.describe() + ": its image_proj is of no known IP-Adapter, found e.g. \""
        + source.names().stream().findFirst().orElse("nothing") + "\"; docs/ipadapter.md lists the kinds");
  }

  private AdapterLayout timed(List<Long> attentions) {
    return new AdapterLayout(AdapterKind.TIMED, (int) shape("latents")[1], shape("proj_out.weight")[0],
        shape("proj_in.weight")[1], 0, shape("time_embedding.linear_1.weight")[1], resampler(""), attentions, false);
  }

  private AdapterLayout refined(List<Long> attentions) {
    return new AdapterLayout(AdapterKind.FACE_ID_PLUS, tokens(), shape("norm.weight")[0],
        shape(FACE + "proj_in.weight")[1], shape("proj.0.weight")[1], shape("proj.0.weight")[0], resampler(FACE),
        attentions, lora());
  }

  private AdapterLayout twoLayers(List<Long> attentions) {
    boolean picture = inTransformer("weight");
    long in = shape("proj.0.weight")[1];
    AdapterKind ofFaces = tokens() == FACE_ID_TOKENS ? AdapterKind.FACE_ID : AdapterKind.PORTRAIT;
    return new AdapterLayout(picture ? AdapterKind.INSTANT_X : ofFaces, tokens(), shape("norm.weight")[0],
        picture ? in : 0, picture ? 0 : in, shape("proj.0.weight")[0], null, attentions, lora());
  }

  private AdapterLayout pooled(List<Long> attentions) {
    long width = shape("norm.weight")[0];
    return new AdapterLayout(inTransformer("bias") ? AdapterKind.XLABS : AdapterKind.BASE,
        (int) (shape("proj.weight")[0] / width), width, shape("proj.weight")[1], 0, 0, null, attentions, lora());
  }

  /** Recognisers give 512 numbers and no vision tower has tokens of 512, so the input tells what it looks at. */
  private AdapterLayout resampled(List<Long> attentions) {
    long in = shape("proj_in.weight")[1];
    boolean face = in == FACE_NUMBERS || fileName.contains("unnorm");
    return new AdapterLayout(face ? AdapterKind.PORTRAIT_UNNORM : AdapterKind.PLUS, (int) shape("latents")[1],
        shape("proj_out.weight")[0], face ? 0 : in, face ? in : 0, 0, resampler(""), attentions, lora());
  }

  private Resampling resampler(String prefix) {
    int depth = 0;
    while (has(prefix + "layers." + depth + ".0.to_q.weight")) {
      depth++;
    }
    if (depth == 0) {
      throw new UnusableInput(source.describe() + ": no tensor \"image_proj." + prefix
          + "layers.0.0.to_q.weight\"; the resampler has no layer, so the file is incomplete");
    }
    return new Resampling(shape(prefix + "proj_in.weight")[0], shape(prefix + "layers.0.0.to_q.weight")[0], depth);
  }

  private int tokens() {
    return (int) (shape("proj.2.weight")[0] / shape("norm.weight")[0]);
  }

  /** Whether the first attention has keys: in a UNet it is over the picture alone, and has none. */
  private boolean inTransformer(String tensor) {
    return source.names().contains("ip_adapter.0.to_k_ip." + tensor);
  }

  private boolean lora() {
    return source.names().contains("ip_adapter.0.to_q_lora.down.weight");
  }

  private List<Long> attentions() {
    TreeMap<Integer, Long> widths = new TreeMap<>();
    for (String name : source.names()) {
      Matcher keys = KEYS.matcher(name);
      if (keys.matches()) {
        widths.put(Integer.parseInt(keys.group(1)), source.shape(name)[0]);
      }
    }
    return new ArrayList<>(widths.values());
  }

  private boolean has(String name) {
    return source.names().contains("image_proj." + name);
  }

  private long[] shape(String name) {
    if (!has(name)) {
      throw new UnusableInput(source.describe() + ": no tensor \"image_proj." + name + "\"; the file is incomplete");
    }
    return source.shape("image_proj." + name);
  }
}
