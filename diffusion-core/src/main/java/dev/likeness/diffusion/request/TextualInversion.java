package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A word that was learned as vectors (Gal et al. 2022, arXiv:2208.01618). Its file is the web
 * interface's ({@code emb_params}, {@code string_to_param}), diffusers' (one tensor named as the
 * token) or one of its advanced scripts', with a tensor for each tower of CLIP ({@code clip_l},
 * {@code clip_g}, or {@code text_encoders_0} and {@code _1}).
 *
 * @param token how prompts name it, in any case
 * @param values its vectors, [vectors, width] by rows, for each width of a text tower
 */
public record TextualInversion(String token, Map<Integer, float[]> values) {
  /**
   * How wide vectors for T5 are, of which no learned words are read here; every tower of CLIP is
   * narrower.
   */
  public static final int T5_WIDTH = 4096;

  private static final Pattern KNOWN =
      Pattern.compile("emb_params|string_to_param\\..+|clip_[lg]|t5|text_encoders_[012]");

  public TextualInversion {
    if (token.isBlank() || values.isEmpty()) {
      throw new IllegalArgumentException("a textual inversion needs a token and vectors");
    }
    values = Map.copyOf(values);
    int count = values.entrySet().iterator().next().getValue().length
        / values.keySet().iterator().next();
    values.forEach((width, numbers) -> {
      if (numbers.length != count * width || count == 0) {
        throw new IllegalArgumentException(
            token + " has " + numbers.length + " numbers for a width of " + width
                + "; every tower needs as many vectors as the others");
      }
    });
  }

  /**
   * Reads a file; the token is the placeholder or tensor it names, or the file's own name without
   * its ending.
   *
   * @throws InvalidInputException when the file holds no textual inversion, or vectors for T5
   */
  public static TextualInversion open(Path file) {
    boolean safe = file.toString().endsWith(".safetensors");
    try (TensorSource source = safe ? Safetensors.open(file) : TorchPickle.open(file);
        TensorScope scope = TensorScope.open()) {
      Map<Integer, float[]> values = new LinkedHashMap<>();
      String token = file.getFileName().toString().replaceFirst("\\.[^.]+$", "");
      List<String> names =
          source.layerRoles().stream().filter(name -> vectors(source.shape(name))).toList();
      List<String> known =
          names.stream().filter(name -> KNOWN.matcher(name).matches()).toList();
      if (known.isEmpty() && names.size() == 1) {
        known = names;
        token = names.get(0);
      }
      for (String name : known) {
        token = name.matches("string_to_param\\.[^*].*")
            ? name.substring(name.indexOf('.') + 1)
            : token;
        values.put(width(file, name, source.shape(name)), ImageTensors.floats(source.read(name)));
      }
      if (values.isEmpty()) {
        throw new InvalidInputException(file
            + " holds no textual inversion; expected emb_params, string_to_param, clip_l and clip_g,"
            + " text_encoders_0 and text_encoders_1, or one tensor named as its token");
      }
      return new TextualInversion(token, values);
    }
  }

  private static int width(Path file, String name, long[] shape) {
    int width = Math.toIntExact(shape[shape.length - 1]);
    if (width == T5_WIDTH) {
      throw new InvalidInputException(file + " has vectors for T5 (" + name + ", of width "
          + T5_WIDTH + "), which reads no learned words here;"
          + " give one that was learned with CLIP alone");
    }
    return width;
  }

  private static boolean vectors(long[] shape) {
    return shape.length == 1 || shape.length == 2;
  }

  /**
   * Writes a file that diffusers' {@code load_textual_inversion} opens, whole or not at all: one
   * tensor named as the token, or {@code clip_l} and {@code clip_g} for the two towers of SDXL.
   */
  public void save(Path file) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      byTextEncoder()
          .forEach((textEncoder, numbers) ->
              tensors.put(textEncoder, torch.tensor(numbers).view(vectors(), -1)));
      SafetensorsWriter.write(
          file,
          tensors.size() == 1 ? Map.of(token, tensors.values().iterator().next()) : tensors,
          Map.of("format", "pt"));
    }
  }

  /** Its vectors, [vectors, width] by rows, by the names of their towers, the narrower first. */
  public Map<String, float[]> byTextEncoder() {
    Map<String, float[]> named = new LinkedHashMap<>();
    new TreeMap<>(values)
        .values()
        .forEach(numbers -> named.put(named.isEmpty() ? "clip_l" : "clip_g", numbers));
    return named;
  }

  /** The same word under another name. */
  public TextualInversion withToken(String name) {
    return new TextualInversion(name, values);
  }

  /** Equal where token and vectors are, number by number. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TextualInversion word
        && token.equals(word.token)
        && values.keySet().equals(word.values.keySet())
        && values.keySet().stream()
            .allMatch(width -> Arrays.equals(values.get(width), word.values.get(width)));
  }

  @Override
  public int hashCode() {
    return Objects.hash(token, values.keySet());
  }

  /** How many tokens it takes. */
  public int vectors() {
    Map.Entry<Integer, float[]> any = values.entrySet().iterator().next();
    return any.getValue().length / any.getKey();
  }

  /** Where a text names this word, in any case, not inside a longer one; -1 for nowhere. */
  public int find(String text) {
    String before = Character.isLetterOrDigit(token.codePointAt(0)) ? "(?<![\\p{L}\\p{N}])" : "";
    String after = Character.isLetterOrDigit(token.codePointBefore(token.length()))
        ? "(?![\\p{L}\\p{N}])"
        : "";
    Matcher found = Pattern.compile(
            before + Pattern.quote(token) + after, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE)
        .matcher(text);
    return found.find() ? found.start() : -1;
  }

  /**
   * The vectors for a tower of this width.
   *
   * @throws InvalidInputException when the word was learned for another model
   */
  public float[] forWidth(int width) {
    float[] numbers = values.get(width);
    if (numbers == null) {
      throw new InvalidInputException("the textual inversion " + token + " has vectors of width "
          + values.keySet() + ", this model's text encoder needs " + width
          + "; use it with the family it was learned for, or do not name it");
    }
    return numbers;
  }
}
