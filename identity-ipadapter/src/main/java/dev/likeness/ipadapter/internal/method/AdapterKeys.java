package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.ipadapter.internal.file.FaceIdLoraFile;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Keys and shapes of an adapter file, by which methods recognise their files. Names without a
 * prefix are below {@code image_proj}.
 */
public final class AdapterKeys {
  /** Advice for a file whose tensors do not fit together. */
  public static final String DOWNLOAD_ADVICE =
      "download the file again, or give an IP-Adapter's file";

  private static final Pattern KEY_WEIGHT =
      Pattern.compile("ip_adapter\\.(\\d{1,6})\\.to_k_ip\\.weight");

  private final TensorSource source;
  private final String fileName;
  private final List<Long> attentionWidths;

  /**
   * Reads the widths of the attentions.
   *
   * @param fileName tells kinds apart that have equal headers
   */
  public AdapterKeys(TensorSource source, String fileName) {
    this.source = source;
    this.fileName = fileName.toLowerCase(Locale.ROOT);
    attentionWidths = readAttentionWidths();
  }

  private List<Long> readAttentionWidths() {
    TreeMap<Integer, Long> widths = new TreeMap<>();
    for (String name : source.names()) {
      Matcher keys = KEY_WEIGHT.matcher(name);
      if (keys.matches()) {
        widths.put(Integer.parseInt(keys.group(1)), size(name, 2, 0));
      }
    }
    return new ArrayList<>(widths.values());
  }

  /** Returns the file, for messages. */
  public String describe() {
    return source.describe();
  }

  /** Returns all names and shapes, without a prefix that is left out. */
  public TensorNames names() {
    return source;
  }

  /** Returns the name of the file in lower case. */
  public String fileName() {
    return fileName;
  }

  /** Returns the width of each attention with keys and values, in the base's registration order. */
  public List<Long> attentionWidths() {
    return attentionWidths;
  }

  /**
   * Returns true for a transformer's adapter: its first attention has keys. The first one of a UNet
   * is a self-attention without keys.
   *
   * @param tensor {@code weight} or {@code bias}
   */
  public boolean hasTransformerKey(String tensor) {
    return source.names().contains("ip_adapter.0.to_k_ip." + tensor);
  }

  /** Returns true if the file contains a LoRA. */
  public boolean hasLora() {
    return source.names().stream().anyMatch(FaceIdLoraFile::isKey);
  }

  /** Returns true if the projection has a tensor of this name. */
  public boolean has(String name) {
    return source.names().contains("image_proj." + name);
  }

  /** Returns the number of rows of a matrix of the projection. */
  public long rows(String matrix) {
    return size("image_proj." + matrix, 2, 0);
  }

  /** Returns the number of columns of a matrix of the projection. */
  public long columns(String matrix) {
    return size("image_proj." + matrix, 2, 1);
  }

  /** Returns the length of a vector of the projection. */
  public long length(String vector) {
    return size("image_proj." + vector, 1, 0);
  }

  /** Returns the number of trained queries of a resampler. */
  public int latentCount() {
    return (int) size("image_proj.latents", 3, 1);
  }

  /** Returns the number of tokens in the output of a layer. */
  public int tokenCount(String layer) {
    return (int) (rows(layer) / length("norm.weight"));
  }

  /** Returns true if the projection has one layer, over the image's pooled vector. */
  public boolean hasOneLayer() {
    return has("proj.weight") && has("norm.weight");
  }

  /** Returns true if the projection has two layers that make all tokens at once. */
  public boolean hasTwoLayers() {
    return has("proj.2.weight") && has("norm.weight");
  }

  /** Returns true if the projection is a resampler. */
  public boolean hasResampler() {
    return has("latents");
  }

  /** Returns the layout of an adapter of one layer over the image's pooled vector. */
  public AdapterLayout oneLayer(IdentityMethod method) {
    return layout(
        method,
        tokenCount("proj.weight"),
        length("norm.weight"),
        columns("proj.weight"),
        0,
        0,
        null);
  }

  /** Returns the layout of an adapter of two layers over the image's pooled vector. */
  public AdapterLayout twoImageLayers(IdentityMethod method) {
    return layout(
        method,
        tokenCount("proj.2.weight"),
        length("norm.weight"),
        columns("proj.0.weight"),
        0,
        rows("proj.0.weight"),
        null);
  }

  /** Returns the layout of an adapter of two layers over a face embedding. */
  public AdapterLayout twoFaceLayers(IdentityMethod method) {
    return layout(
        method,
        tokenCount("proj.2.weight"),
        length("norm.weight"),
        0,
        columns("proj.0.weight"),
        rows("proj.0.weight"),
        null);
  }

  /**
   * Returns the layout of an adapter with a resampler of an image's tokens.
   *
   * @param sinusoids width of the timestep's sinusoids, or 0
   */
  public AdapterLayout imageResampler(IdentityMethod method, long sinusoids) {
    return layout(
        method,
        latentCount(),
        rows("proj_out.weight"),
        columns("proj_in.weight"),
        0,
        sinusoids,
        resampler(""));
  }

  /** Returns the layout of an adapter with a resampler of a face embedding. */
  public AdapterLayout faceResampler(IdentityMethod method) {
    return layout(
        method,
        latentCount(),
        rows("proj_out.weight"),
        0,
        columns("proj_in.weight"),
        0,
        resampler(""));
  }

  /** Returns a layout with the attentions and the LoRA of the file; see {@link AdapterLayout}. */
  public AdapterLayout layout(
      IdentityMethod method,
      int tokens,
      long contextWidth,
      long imageWidth,
      long faceWidth,
      long hiddenWidth,
      @Nullable ResamplerConfig resampler) {
    return new AdapterLayout(
        method,
        tokens,
        contextWidth,
        imageWidth,
        faceWidth,
        hiddenWidth,
        resampler,
        attentionWidths,
        hasLora());
  }

  /**
   * Returns the shape of the resampler whose keys begin with {@code prefix}.
   *
   * @throws InvalidInputException if it has no layer, or heads of another width
   */
  public ResamplerConfig resampler(String prefix) {
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
