package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.AttentionPath;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Maps the keys of adapter files in other key formats, such as diffusers', to the published format:
 * {@code image_proj.*} and {@code ip_adapter.N.*}.
 */
public final class AdapterKeyFormat {
  private static final String PROJECTION = "image_proj.";
  private static final Pattern PROCESSOR =
      Pattern.compile("(?:unet\\.|transformer\\.)?(.+\\.attn[12]?)\\.processor\\."
          + "(to_[kv]_ip|to_(?:q|k|v|out)_lora|norm_(?:ip\\.linear|q|k|ip_k))\\.(?:0\\.)?(.+)");
  private static final Pattern XLABS = Pattern.compile(
      "double_blocks\\.(\\d+)\\.processor\\.ip_adapter_double_stream_([kv])_proj\\.(.+)");
  /** A key of a second adapter in the same file. */
  private static final Pattern SECOND_ADAPTER = Pattern.compile(
      "image_projection_layers\\.[1-9]\\d*\\.|\\.processor\\.to_[kv]_ip\\.[1-9]\\d*\\.");
  /** An index that is too large for a block. */
  private static final Pattern HUGE_INDEX = Pattern.compile("\\d{7}");

  private static final Pattern LAYER =
      Pattern.compile("((?:perceiver_resampler\\.)?layers\\.\\d+)\\.(.+)");
  private static final Map<String, String> INSIDE_LAYER = Map.ofEntries(
      Map.entry("ln0.", "0.norm1."),
      Map.entry("ln1.", "0.norm2."),
      Map.entry("attn.to_q.", "0.to_q."),
      Map.entry("attn.to_k.", "0.to_k."),
      Map.entry("attn.to_v.", "0.to_v."),
      Map.entry("attn.to_kv.", "0.to_kv."),
      Map.entry("attn.to_out.0.", "0.to_out."),
      Map.entry("ff.0.", "1.0."),
      Map.entry("ff.1.net.0.proj.", "1.1."),
      Map.entry("ff.1.net.2.", "1.3."),
      Map.entry("adaln_norm.", "1.0."),
      Map.entry("adaln_proj.", "2.1."),
      Map.entry("ff.net.0.proj.", "1.1."),
      Map.entry("ff.net.2.", "1.3."));

  private AdapterKeyFormat() {}

  /**
   * Returns a source with published names; it owns {@code source}. The base's weights in a training
   * checkpoint are left out, because they contain the adapter's layers a second time.
   *
   * @throws InvalidInputException if two tensors map to one name, or the file contains several
   *     adapters
   */
  public static TensorSource toPublished(TensorSource source) {
    Set<String> names = new LinkedHashSet<>(source.names());
    if (names.stream().anyMatch(name -> convertPrefix(name).startsWith("ip_adapter."))) {
      names.removeIf(name -> name.startsWith("unet."));
    }
    Map<String, Integer> numbers = attentionIndices(source, names);
    boolean faceLayers = names.stream().anyMatch(name -> name.contains("proj.net.0.proj"));
    boolean tokenLayers = projectsTokensSeparately(source, names);
    Map<String, String> roles = new LinkedHashMap<>();
    for (String name : names) {
      if (SECOND_ADAPTER.matcher(name).find()) {
        throw new InvalidInputException(source.describe() + " contains several adapters (it has "
            + Quoted.of(name) + "); give a file with one adapter");
      }
      String key = convertProcessor(convertPrefix(name), numbers);
      if (key.startsWith(PROJECTION)) {
        key = PROJECTION
            + convertProjection(key.substring(PROJECTION.length()), faceLayers, tokenLayers);
      }
      String other = roles.putIfAbsent(key, name);
      if (other != null) {
        throw duplicateLayer(source, other, name);
      }
    }
    return FusedKeyValues.of(source, roles);
  }

  /** Returns the error for two tensors of one layer. */
  static InvalidInputException duplicateLayer(TensorSource source, String one, String other) {
    return new InvalidInputException(source.describe() + ": " + Quoted.of(one) + " and "
        + Quoted.of(other) + " are the same layer in two key formats; remove one of them");
  }

  private static String convertPrefix(String name) {
    for (Map.Entry<String, String> other : Map.of(
            "image_proj_model.",
            PROJECTION,
            "adapter_modules.",
            "ip_adapter.",
            "unet.encoder_hid_proj.image_projection_layers.0.",
            PROJECTION,
            "encoder_hid_proj.image_projection_layers.0.",
            PROJECTION,
            "ip_adapter_proj_model.",
            PROJECTION)
        .entrySet()) {
      if (name.startsWith(other.getKey())) {
        return other.getValue() + name.substring(other.getKey().length());
      }
    }
    Matcher m = XLABS.matcher(name);
    return m.matches()
        ? "ip_adapter." + m.group(1) + ".to_" + m.group(2) + "_ip." + m.group(3)
        : name;
  }

  private static String convertProcessor(String name, Map<String, Integer> numbers) {
    Matcher m = PROCESSOR.matcher(name);
    return m.matches()
        ? "ip_adapter." + numbers.get(m.group(1)) + "." + m.group(2) + "." + m.group(3)
        : name;
  }

  /**
   * Returns the index of each attention path. In a UNet, transformer block t has its self-attention
   * at 2t and its cross-attention at 2t + 1. In a transformer, attention t has index t.
   */
  private static Map<String, Integer> attentionIndices(TensorSource source, Set<String> names) {
    TreeSet<AttentionPath> transformers = new TreeSet<>();
    for (String name : names) {
      Matcher m = PROCESSOR.matcher(name);
      if (m.matches()) {
        String path = m.group(1);
        if (HUGE_INDEX.matcher(path).find()) {
          throw new InvalidInputException(source.describe() + ": key " + Quoted.of(name)
              + " names no attention layer; use the file as its author published it");
        }
        transformers.add(
            AttentionPath.of(isInUnet(path) ? path.replaceFirst("\\.attn[12]$", "") : path));
      }
    }
    Map<String, Integer> numbers = new LinkedHashMap<>();
    int n = 0;
    for (AttentionPath transformer : transformers) {
      if (isInUnet(transformer.path())) {
        numbers.put(transformer.path() + ".attn1", n++);
        numbers.put(transformer.path() + ".attn2", n++);
      } else {
        numbers.put(transformer.path(), n++);
      }
    }
    return numbers;
  }

  private static boolean isInUnet(String path) {
    return path.contains(".attentions.");
  }

  /**
   * Returns true for Full Face, which has the same key names as FaceID in diffusers' key format.
   * Its output layer makes one token, that of FaceID several.
   */
  private static boolean projectsTokensSeparately(TensorSource source, Set<String> names) {
    Map<String, long[]> shapes = new HashMap<>();
    names.forEach(name -> shapes.put(convertPrefix(name), source.shape(name)));
    long[] out = shapes.get(PROJECTION + "ff.net.2.bias");
    return out != null && Arrays.equals(out, shapes.get(PROJECTION + "norm.weight"));
  }

  private static String convertProjection(String key, boolean faceLayers, boolean tokenLayers) {
    String at = faceLayers && key.matches("(layers|proj_in|proj_out|norm_out)\\..*")
        ? "perceiver_resampler." + key
        : key;
    Matcher layer = LAYER.matcher(at);
    if (layer.matches()) {
      return INSIDE_LAYER.entrySet().stream()
          .filter(e -> layer.group(2).startsWith(e.getKey()))
          .findFirst()
          .map(e -> layer.group(1) + "." + e.getValue()
              + layer.group(2).substring(e.getKey().length()))
          .orElse(at);
    }
    if (tokenLayers && at.startsWith("norm.")) {
      return "proj.3." + at.substring("norm.".length());
    }
    return at.replaceFirst("^image_embeds\\.", "proj.")
        .replaceFirst("^(ff|proj)\\.net\\.0\\.proj\\.", "proj.0.")
        .replaceFirst("^(ff|proj)\\.net\\.2\\.", "proj.2.");
  }

  /**
   * A source with other names. It stacks a resampler's separate key and value weights into one
   * tensor.
   */
  static final class FusedKeyValues implements TensorSource {
    private static final Pattern KEYS_OR_VALUES =
        Pattern.compile("(image_proj\\..*\\.0\\.to_)([kv])(\\.weight)");

    private final TensorSource source;
    private final Map<String, List<String>> parts;

    private FusedKeyValues(TensorSource source, Map<String, List<String>> parts) {
      this.source = source;
      this.parts = parts;
    }

    /**
     * Returns a source that owns {@code source}.
     *
     * @param roles tensor names by published name; keys and values may be separate
     * @throws InvalidInputException if keys or values are missing, or also exist as one tensor
     */
    static FusedKeyValues of(TensorSource source, Map<String, String> roles) {
      Map<String, List<String>> parts = new LinkedHashMap<>();
      roles.forEach((role, name) -> {
        Matcher apart = KEYS_OR_VALUES.matcher(role);
        if (!apart.matches()) {
          parts.put(role, List.of(name));
          return;
        }
        String together = apart.group(1) + "kv" + apart.group(3);
        if (roles.containsKey(together)) {
          throw AdapterKeyFormat.duplicateLayer(source, roles.get(together), name);
        }
        String keys = roles.get(apart.group(1) + "k" + apart.group(3));
        String values = roles.get(apart.group(1) + "v" + apart.group(3));
        if (keys == null
            || values == null
            || source.shape(name).length != 2
            || !Arrays.equals(source.shape(keys), source.shape(values))) {
          throw new InvalidInputException(source.describe() + ": " + Quoted.of(name)
              + " needs key and value matrices of equal shape; the adapter may be of a kind"
              + " that is not supported: give a published IP-Adapter");
        }
        parts.put(together, List.of(keys, values));
      });
      return new FusedKeyValues(source, parts);
    }

    @Override
    public Set<String> names() {
      return Collections.unmodifiableSet(parts.keySet());
    }

    @Override
    public long[] shape(String name) {
      long[] shape = source.shape(parts.get(name).get(0)).clone();
      for (String more : parts.get(name).subList(1, parts.get(name).size())) {
        shape[0] += source.shape(more)[0];
      }
      return shape;
    }

    @Override
    public DType dtype(String name) {
      return source.dtype(parts.get(name).get(0));
    }

    @Override
    public Tensor read(String name) {
      List<String> rows = parts.get(name);
      if (rows.size() == 1) {
        return source.read(rows.get(0));
      }
      TensorVector tensors = new TensorVector();
      rows.forEach(row -> tensors.push_back(source.read(row)));
      return torch.cat(tensors, 0);
    }

    @Override
    public String describe() {
      return source.describe();
    }

    @Override
    public void close() {
      source.close();
    }
  }
}
