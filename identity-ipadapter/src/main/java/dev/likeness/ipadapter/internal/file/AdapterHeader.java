package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.ScaledSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.ipadapter.internal.file.AdapterLayout.ResamplerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/**
 * Detects an adapter's kind and sizes from tensor names and shapes, by the rules of
 * docs/reference/adapters.md.
 */
public final class AdapterHeader {
  /** Header key for the family of the image encoder that the adapter was trained with. */
  public static final String FAMILY = "likeness.encoder_family";
  /** Header key for the training settings, present if this library trained the adapter. */
  public static final String TRAINING_SETTINGS = "likeness.training_settings";
  // The key in files of earlier versions.
  private static final String DOWNLOAD_ADVICE =
      "download the file again, or give an IP-Adapter's file";
  private static final String FORMER_TRAINING_SETTINGS = "likeness.recipe";

  // File names of published FaceID Portrait adapters, unnormalised.
  private static final Pattern UNNORMALISED = Pattern.compile("unnorm|portrait");
  private static final String RESAMPLER_PREFIX = "perceiver_resampler.";
  private static final Pattern KEY_WEIGHT =
      Pattern.compile("ip_adapter\\.(\\d{1,6})\\.to_k_ip\\.weight");
  private static final int FACE_WIDTH = 512;
  private static final int FACE_ID_TOKENS = 4;

  private final TensorSource source;
  private final String fileName;

  /**
   * Opens an adapter file; its tensors have their published names. Reads no weights. The source
   * refuses values that are NaN or infinite when they are read. The caller closes it.
   *
   * @throws InvalidInputException if the file is broken or is no IP-Adapter
   */
  public static TensorSource open(Path file) {
    TensorSource source = published(file);
    try {
      AdapterType.check(source);
      return source;
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static TensorSource published(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(file
          + (Files.exists(file) ? " is not a regular file" : " does not exist")
          + "; give an IP-Adapter's .safetensors or .bin file");
    }
    TensorSource source = new TensorSource.Finite(
        ScaledSource.of(isSafetensors(file) ? Safetensors.open(file) : TorchPickle.open(file)));
    try {
      return AdapterKeyFormat.toPublished(source);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /**
   * Reads kind and sizes of an adapter from its header.
   *
   * @throws InvalidInputException if the file is broken or is no IP-Adapter
   */
  public static AdapterLayout layout(Path file) {
    try (TensorSource source = open(file)) {
      return new AdapterHeader(source, file.getFileName().toString()).layout();
    }
  }

  /** Returns the metadata of a file; empty for pickled files. */
  public static Map<String, String> metadata(Path file) {
    return isSafetensors(file) ? SafetensorsHeader.read(file).metadata() : Map.of();
  }

  /** {@return true if the header has training settings of this library} */
  public static boolean isOurs(Map<String, String> metadata) {
    return metadata.containsKey(TRAINING_SETTINGS)
        || metadata.containsKey(FORMER_TRAINING_SETTINGS);
  }

  private static boolean isSafetensors(Path file) {
    return file.getFileName().toString().endsWith(".safetensors");
  }

  /** @param fileName tells kinds apart that have equal headers */
  AdapterHeader(TensorSource source, String fileName) {
    this.source = source;
    this.fileName = fileName.toLowerCase(Locale.ROOT);
  }

  AdapterLayout layout() {
    List<Long> attentions = attentionWidths();
    if (has("time_embedding.linear_1.weight")) {
      return timestepLayout(attentions);
    } else if (has("perceiver_resampler.proj_in.weight")) {
      return faceIdPlusLayout(attentions);
    } else if (has("latents")) {
      return resamplerLayout(attentions);
    } else if (has("proj.3.weight")) {
      return new AdapterLayout(
          IpAdapterVariant.FULL_FACE,
          0,
          length("proj.3.weight"),
          columns("proj.0.weight"),
          0,
          rows("proj.0.weight"),
          null,
          attentions,
          hasLora());
    } else if (has("proj.2.weight") && has("norm.weight")) {
      return mlpLayout(attentions);
    } else if (has("proj.weight") && has("norm.weight")) {
      return linearLayout(attentions);
    }
    throw new InvalidInputException(
        source.describe() + ": the image_proj keys fit no supported IP-Adapter, found e.g. "
            + Quoted.of(source.names().stream()
                .filter(name -> name.startsWith("image_proj."))
                .findFirst()
                .orElse("nothing"))
            + "; docs/reference/adapters.md lists the supported kinds");
  }

  private AdapterLayout timestepLayout(List<Long> attentions) {
    long sinusoids = columns("time_embedding.linear_1.weight");
    if (sinusoids % 2 != 0) {
      throw new InvalidInputException(
          source.describe() + ": image_proj.time_embedding.linear_1.weight has "
              + sinusoids + " columns, expected an even number"
              + " (sines and cosines); " + DOWNLOAD_ADVICE);
    }
    return new AdapterLayout(
        IpAdapterVariant.INSTANT_X_TIMED,
        latentCount(),
        rows("proj_out.weight"),
        columns("proj_in.weight"),
        0,
        sinusoids,
        readResampler(""),
        attentions,
        hasLora());
  }

  private AdapterLayout faceIdPlusLayout(List<Long> attentions) {
    return new AdapterLayout(
        IpAdapterVariant.FACE_ID_PLUS,
        tokenCount("proj.2.weight"),
        length("norm.weight"),
        columns(RESAMPLER_PREFIX + "proj_in.weight"),
        columns("proj.0.weight"),
        rows("proj.0.weight"),
        readResampler(RESAMPLER_PREFIX),
        attentions,
        hasLora());
  }

  private AdapterLayout mlpLayout(List<Long> attentions) {
    boolean image = hasTransformerKey("weight");
    long in = columns("proj.0.weight");
    int tokens = tokenCount("proj.2.weight");
    IpAdapterVariant ofFaces =
        tokens == FACE_ID_TOKENS ? IpAdapterVariant.FACE_ID : IpAdapterVariant.PORTRAIT;
    return new AdapterLayout(
        image ? IpAdapterVariant.INSTANT_X : ofFaces,
        tokens,
        length("norm.weight"),
        image ? in : 0,
        image ? 0 : in,
        rows("proj.0.weight"),
        null,
        attentions,
        hasLora());
  }

  private AdapterLayout linearLayout(List<Long> attentions) {
    return new AdapterLayout(
        hasTransformerKey("bias") ? IpAdapterVariant.XLABS : IpAdapterVariant.BASE,
        tokenCount("proj.weight"),
        length("norm.weight"),
        columns("proj.weight"),
        0,
        0,
        null,
        attentions,
        hasLora());
  }

  /**
   * An input width of 512 means a face embedding, because no vision tower has tokens of this width.
   * InstantID has the same layout, so the file name decides.
   */
  private AdapterLayout resamplerLayout(List<Long> attentions) {
    long in = columns("proj_in.weight");
    boolean unnorm = fileName.contains("unnorm");
    if (in == FACE_WIDTH && !UNNORMALISED.matcher(fileName).find()) {
      throw new InvalidInputException(
          source.describe() + " is InstantID, which is not supported, or an "
              + IpAdapterVariant.PORTRAIT_UNNORM.title()
              + ", which has the same layout; if the file is such a Portrait adapter, put"
              + " \"portrait\" into the file name");
    }
    boolean face = in == FACE_WIDTH || unnorm;
    return new AdapterLayout(
        face ? IpAdapterVariant.PORTRAIT_UNNORM : IpAdapterVariant.PLUS,
        latentCount(),
        rows("proj_out.weight"),
        face ? 0 : in,
        face ? in : 0,
        0,
        readResampler(""),
        attentions,
        hasLora());
  }

  private ResamplerConfig readResampler(String prefix) {
    int depth = 0;
    while (has(prefix + "layers." + depth + ".0.to_q.weight")) {
      depth++;
    }
    if (depth == 0) {
      throw new InvalidInputException(source.describe() + ": no tensor \"image_proj." + prefix
          + "layers.0.0.to_q.weight\", so the resampler has no layer; the adapter may be of a"
          + " kind that is not supported: give a published IP-Adapter");
    }
    String queries = prefix + "layers.0.0.to_q.weight";
    try {
      return new ResamplerConfig(rows(prefix + "proj_in.weight"), rows(queries), depth);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          source.describe() + ": image_proj." + queries + ": " + e.getMessage(), e);
    }
  }

  private int latentCount() {
    return (int) size("image_proj.latents", 3, 1);
  }

  /** Returns the number of tokens in the output of a layer. */
  private int tokenCount(String layer) {
    return (int) (rows(layer) / length("norm.weight"));
  }

  /**
   * Returns true for a transformer's adapter: its first attention has keys. The first one of a UNet
   * is a self-attention without keys.
   */
  private boolean hasTransformerKey(String tensor) {
    return source.names().contains("ip_adapter.0.to_k_ip." + tensor);
  }

  private boolean hasLora() {
    return source.names().stream().anyMatch(FaceIdLoraFile::isKey);
  }

  private List<Long> attentionWidths() {
    TreeMap<Integer, Long> widths = new TreeMap<>();
    for (String name : source.names()) {
      Matcher keys = KEY_WEIGHT.matcher(name);
      if (keys.matches()) {
        widths.put(Integer.parseInt(keys.group(1)), size(name, 2, 0));
      }
    }
    return new ArrayList<>(widths.values());
  }

  private boolean has(String name) {
    return source.names().contains("image_proj." + name);
  }

  private long rows(String matrix) {
    return size("image_proj." + matrix, 2, 0);
  }

  private long columns(String matrix) {
    return size("image_proj." + matrix, 2, 1);
  }

  private long length(String vector) {
    return size("image_proj." + vector, 1, 0);
  }

  private long size(String name, int dimensions, int axis) {
    if (!source.has(name)) {
      throw new InvalidInputException(
          source.describe() + ": no tensor \"" + name + "\"; download the file again");
    }
    long[] shape = source.shape(name);
    if (shape.length != dimensions || LongStream.of(shape).anyMatch(n -> n < 1)) {
      throw new InvalidInputException(
          source.describe() + ": \"" + name + "\" has shape " + Arrays.toString(shape)
              + ", expected " + dimensions + (dimensions == 1 ? " dimension" : " dimensions")
              + " of at least 1; " + DOWNLOAD_ADVICE);
    }
    return shape[axis];
  }
}
