package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.adapter.PromptToken;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.SizeConditioning;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The conditioning of a UNet: encoded texts, and for SDXL sizes. */
final class PromptConditioning {
  /** Diffusers' default aesthetic score of negative prompts. */
  private static final double NEGATIVE_AESTHETIC_SCORE = 2.5;

  /** The number of training timesteps, which limits the steps. */
  private static final int MAX_STEPS = 1000;

  private final StableDiffusionNetworks model;
  private final ImageRequest request;
  private final List<ClipPromptEncoder> encoders;
  private final PromptChange change;

  PromptConditioning(
      StableDiffusionNetworks model,
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation) {
    this.model = model;
    this.request = UnsupportedSyntax.read(request);
    change = PromptChange.NONE;
    encoders = model.clipTextEncoders().stream()
        .map(textEncoder -> textEncoder
            .promptEncoder(adaptation.apply(textEncoder.component()))
            .withInversions(request.prompts().textualInversions()))
        .toList();
  }

  private PromptConditioning(PromptConditioning unchanged, PromptChange change) {
    model = unchanged.model;
    request = unchanged.request;
    encoders = unchanged.encoders;
    this.change = change;
  }

  /**
   * This conditioning with a change to the prompt.
   *
   * @throws IllegalArgumentException if the request has no plain prompt
   */
  PromptConditioning changed(PromptChange change) {
    if (change == PromptChange.NONE) {
      return this;
    }
    if (request.prompts().syntax() != PromptSyntax.PLAIN || request.embedding().isPresent()) {
      throw new IllegalArgumentException("an adapter of the request changes tokens of the prompt,"
          + " but the request has "
          + (request.embedding().isPresent()
              ? "an embedding in place of the prompt"
              : "the prompt syntax \"a1111\"")
          + "; give a plain prompt");
    }
    return new PromptConditioning(this, change);
  }

  /**
   * Encodes the prompts at each row of the plan. Rows with the same text share their encoding, and
   * all have the number of chunks of the longest.
   *
   * @param together true if both prompts of a row must have the same number of chunks
   */
  Conditioning conditioning(boolean guided, boolean together, PromptSchedule schedule) {
    int wanted = chunks(false, request.embedding().orElse(null), schedule);
    int negativePrompt =
        guided ? chunks(true, request.negativeEmbedding().orElse(null), schedule) : 1;
    int most = Math.max(wanted, negativePrompt);
    return new Conditioning(
        change == PromptChange.NONE
            ? texts(rows(false, schedule), false, together ? most : wanted)
            : changedTexts(schedule),
        guided ? texts(rows(true, schedule), true, together ? most : negativePrompt) : null);
  }

  /**
   * Encodes a constant prompt.
   *
   * @throws IllegalArgumentException if it changes over the steps
   */
  TextEncoding constantEncoding() {
    List<List<String>> all =
        rows(false, PromptSchedule.of(MAX_STEPS)).stream().distinct().toList();
    if (all.size() > 1) {
      throw new IllegalArgumentException("the prompt \"" + request.prompt()
          + "\" changes over the steps, but an embedding is constant; encode each variant of the"
          + " prompt");
    }
    return encode(all.get(0), false, 1);
  }

  /** The prompts at each row of the plan, one for each text encoder. */
  private List<List<String>> rows(boolean negativePrompt, PromptSchedule schedule) {
    List<String> prompts = prompts(negativePrompt);
    return request.prompts().syntax() == PromptSyntax.PLAIN
        ? Collections.nCopies(schedule.rows(), prompts)
        : IntStream.range(0, schedule.rows())
            .mapToObj(row -> at(prompts, schedule, row))
            .toList();
  }

  private List<String> prompts(boolean negativePrompt) {
    return IntStream.range(0, encoders.size())
        .mapToObj(encoder -> request.prompts().text(encoder, negativePrompt))
        .toList();
  }

  private static List<String> at(List<String> prompts, PromptSchedule schedule, int row) {
    return prompts.stream().map(prompt -> schedule.at(prompt, row)).toList();
  }

  private int chunks(boolean negativePrompt, PromptEmbedding given, PromptSchedule schedule) {
    List<String> prompts = prompts(negativePrompt);
    return given != null
        ? given.count() / encoders.get(0).tokenizer().maxLength()
        : IntStream.rangeClosed(1, schedule.totalRows())
            .mapToObj(step -> at(prompts, schedule, step - schedule.completedRows()))
            .distinct()
            .mapToInt(this::chunks)
            .max()
            .orElse(1);
  }

  private int chunks(List<String> texts) {
    return IntStream.range(0, encoders.size())
        .map(i -> encoders.get(i).ids(texts.get(i), request.prompts().syntax()).size())
        .max()
        .orElse(1);
  }

  private List<TextEncoding> texts(List<List<String>> rows, boolean negativePrompt, int chunks) {
    Map<List<String>, TextEncoding> known = new HashMap<>();
    return rows.stream()
        .map(row -> known.computeIfAbsent(row, texts -> text(texts, negativePrompt, chunks)))
        .toList();
  }

  /** The prompt with its change at each row of the plan. Rows with the same change share it. */
  private List<TextEncoding> changedTexts(PromptSchedule schedule) {
    Map<PromptChange, TextEncoding> known = new HashMap<>();
    return IntStream.range(0, schedule.rows())
        .mapToObj(row ->
            known.computeIfAbsent(change.at((double) row / schedule.rows()), this::encodeChanged))
        .toList();
  }

  private TextEncoding encodeChanged(PromptChange now) {
    List<String> texts = prompts(false);
    TensorVector states = new TensorVector();
    Tensor pooled = null;
    List<PromptToken> tokens = null;
    for (int i = 0; i < encoders.size(); i++) {
      List<PromptToken> own = encoders.get(i).tokens(texts.get(i), now);
      if (tokens != null && !marks(own).equals(marks(tokens))) {
        throw new IllegalArgumentException("an adapter of the request changes tokens of the prompt,"
            + " so the prompts of all text encoders must be equal, got \"" + texts.get(0)
            + "\" and \"" + texts.get(i) + "\"; leave prompt_" + (i + 1) + " out");
      }
      tokens = tokens == null ? own : tokens;
      LoadedClip textEncoder = model.clipTextEncoders().get(i);
      TextEncoding encoding = encoders
          .get(i)
          .encode(own, skippedLayers(textEncoder, false), textEncoder.skippedLayers() == 0);
      states.push_back(encoding.tokens());
      pooled = encoding.pooled();
    }
    return new TextEncoding(now.afterEncoding(torch.cat(states, -1), tokens), pooled);
  }

  private static List<Object> marks(List<PromptToken> tokens) {
    return tokens.stream()
        .<Object>map(token -> Optional.ofNullable(token.mark()))
        .toList();
  }

  private int skippedLayers(LoadedClip textEncoder, boolean negativePrompt) {
    return textEncoder.skippedLayers() + request.prompts().skippedLayers(negativePrompt);
  }

  private TextEncoding text(List<String> texts, boolean negativePrompt, int chunks) {
    PromptEmbedding given =
        (negativePrompt ? request.negativeEmbedding() : request.embedding()).orElse(null);
    return given == null
        ? encode(texts, negativePrompt, chunks)
        : new TextEncoding(tokens(given), pooled(given));
  }

  /**
   * Encodes the text of each text encoder: tokens [1, tokens, width], pooled [1, width] of the
   * last.
   */
  private TextEncoding encode(List<String> texts, boolean negativePrompt, int chunks) {
    TensorVector tokens = new TensorVector();
    Tensor pooled = null;
    int most = Math.max(chunks, chunks(texts));
    for (int i = 0; i < encoders.size(); i++) {
      LoadedClip textEncoder = model.clipTextEncoders().get(i);
      TextEncoding encoding = encoders
          .get(i)
          .encode(
              texts.get(i),
              request.prompts().syntax(),
              skippedLayers(textEncoder, negativePrompt),
              textEncoder.skippedLayers() == 0,
              most);
      tokens.push_back(encoding.tokens());
      pooled = encoding.pooled();
    }
    TextEncoding all = new TextEncoding(torch.cat(tokens, -1), pooled);
    return negativePrompt && request.prompts().negative().isEmpty() && model.zerosForEmptyPrompt()
        ? all.zeros()
        : all;
  }

  private Tensor tokens(PromptEmbedding given) {
    return Tensors.place(
        model.compute(), torch.tensor(given.tokens()).view(1, given.count(), given.width()));
  }

  private Tensor pooled(PromptEmbedding given) {
    float[] values = given.pooled();
    return values.length == 0
        ? null
        : Tensors.place(model.compute(), torch.tensor(values).view(1, values.length));
  }

  /**
   * The UNet's conditioning for texts, one row each; with sizes for SDXL, and the guidance if the
   * UNet takes it.
   */
  static UNetConditioning unetConditioning(
      StableDiffusionNetworks model,
      ImageRequest request,
      TextEncoding text,
      boolean negativePrompt) {
    int width = model.unetConfig().embedding().guidanceWidth();
    Tensor guidance = width == 0
        ? null
        : toModel(
            model, SinusoidalEmbedding.guidance(request.guidance().orElse(Double.NaN), width));
    if (model.sizeIds() == 0) {
      return UNetConditioning.text(text.tokens()).withGuidance(guidance);
    }
    Tensor sizes = toModel(
        model, torch.tensor(sizes(request, model.sizeIds(), negativePrompt)).unsqueeze(0));
    return new UNetConditioning(
            text.tokens(), text.pooled(), sizes.expand(text.tokens().size(0), -1))
        .withGuidance(guidance);
  }

  private static Tensor toModel(StableDiffusionNetworks model, Tensor numbers) {
    return numbers.to(new Device(model.compute().device()), torch.ScalarType.Float);
  }

  private static float[] sizes(ImageRequest request, int count, boolean negativePrompt) {
    SizeConditioning sizes = !negativePrompt
        ? request.sizeConditioning()
        : request.negativeSizeConditioning().isPresent()
            ? request.negativeSizeConditioning().get()
            : count == 5
                ? request
                    .sizeConditioning()
                    .cropTopLeft(0, 0)
                    .aestheticScore(NEGATIVE_AESTHETIC_SCORE)
                : request.sizeConditioning();
    return sizes.timeIds(request.width().orElse(0), request.height().orElse(0), count);
  }

  /**
   * Syntax of the web UI that is not supported: tags of extra networks
   * ({@code modules/extra_networks.py}) and prompts joined by {@code AND} or weighted
   * ({@code modules/prompt_parser.py}). It is refused, because text encoders would read it as
   * words.
   */
  static final class UnsupportedSyntax {
    private static final Pattern TAG =
        Pattern.compile("<\\w+:[^>]+>", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern COMPOSED =
        Pattern.compile("\\bAND\\b", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern FACTOR =
        Pattern.compile(":\\s*[-+]?(\\d+\\.?|\\d*\\.\\d+)\\s*\\z");
    private static final String COMMENT = "#[^\n]*\n?";

    private UnsupportedSyntax() {}

    /**
     * The request without comments in the web UI's syntax.
     *
     * @throws IllegalArgumentException if a prompt has unsupported syntax
     */
    static ImageRequest read(ImageRequest given) {
      if (given.prompts().syntax() != PromptSyntax.A1111) {
        return given;
      }
      ImageRequest request =
          given.prompts(given.prompts().mapPrompts(text -> text.replaceAll(COMMENT, "\n")));
      for (int encoder = 0; encoder < request.prompts().encoderPrompts().last(); encoder++) {
        if (request.embedding().isEmpty()) {
          String prompt = request.prompts().text(encoder, false);
          refuseTags("prompt", prompt, request);
          refuseComposableDiffusion(prompt);
        }
        // The web UI reads AND and a number at the end of a negative prompt as words.
        if (request.negativeEmbedding().isEmpty()) {
          refuseTags("negative prompt", request.prompts().text(encoder, true), request);
        }
      }
      return request;
    }

    private static void refuseTags(String which, String prompt, ImageRequest request) {
      TAG.matcher(prompt)
          .results()
          .map(found -> found.group())
          .filter(tag -> !isPlaceholderToken(tag, request))
          .findFirst()
          .ifPresent(tag -> {
            throw new IllegalArgumentException("the " + which + " has " + tag
                + ", which loads a file in the web UI; remove it, and"
                + " give a LoRA as an adapter: ImageRequest.adapter(Lora.open(FILE,"
                + " base).at(WEIGHT)), or --lora FILE@WEIGHT");
          });
    }

    private static boolean isPlaceholderToken(String tag, ImageRequest request) {
      return request.prompts().textualInversions().stream()
          .anyMatch(word -> word.token().equalsIgnoreCase(tag));
    }

    private static void refuseComposableDiffusion(String prompt) {
      Matcher joined = COMPOSED.matcher(prompt);
      if (joined.find()) {
        throw new IllegalArgumentException("prompts joined by AND are not supported (\"" + prompt
            + "\"); use one of the prompts, or write AND in lower case");
      }
      Matcher factor = FACTOR.matcher(prompt);
      if (factor.find()) {
        throw new IllegalArgumentException("the prompt ends in \""
            + factor.group().strip() + "\", which multiplies the guidance in the"
            + " web UI; write (WORDS:1.2), or change the guidance");
      }
    }
  }
}
