package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
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
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** What a UNet is told: texts through every tower of the model, and for SDXL sizes. */
final class PromptConditioning {
  /** The score of an image that nobody wants, as diffusers has it. */
  private static final double NEGATIVE_AESTHETIC_SCORE = 2.5;

  /** As many as a model was trained on; no run does more. */
  private static final int MAX_STEPS = 1000;

  private final StableDiffusionNetworks model;
  private final ImageRequest request;
  private final List<ClipPromptEncoder> encoders;

  PromptConditioning(
      StableDiffusionNetworks model,
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation) {
    this.model = model;
    this.request = UnsupportedSyntax.read(request);
    encoders = model.clipTextEncoders().stream()
        .map(textEncoder -> textEncoder
            .promptEncoder(adaptation.apply(textEncoder.component()))
            .withInversions(request.prompts().textualInversions()))
        .toList();
  }

  /**
   * What the prompts say at each of the plan's rows; rows with one text share it, and all have as
   * many chunks as the longest.
   *
   * @param together whether both prompts of a row have to be of as many chunks
   */
  Conditioning conditioning(boolean guided, boolean together, PromptSchedule schedule) {
    int wanted = chunks(request.prompt(), request.embedding(), schedule);
    int negativePrompt =
        guided ? chunks(request.negative(), request.negativeEmbedding(), schedule) : 1;
    int most = Math.max(wanted, negativePrompt);
    return new Conditioning(
        texts(rows(request.prompt(), schedule), false, together ? most : wanted),
        guided
            ? texts(rows(request.negative(), schedule), true, together ? most : negativePrompt)
            : null);
  }

  /**
   * What the prompt says all the way.
   *
   * @throws IllegalArgumentException when it changes
   */
  TextEncoding constantEncoding() {
    List<String> all =
        rows(request.prompt(), PromptSchedule.of(MAX_STEPS)).stream().distinct().toList();
    if (all.size() > 1) {
      throw new IllegalArgumentException(
          "the prompt \"" + request.prompt() + "\" changes on the way, what is encoded does not;"
              + " encode what it says at each part of the way");
    }
    return encode(all.get(0), false, 1);
  }

  private List<String> rows(String prompt, PromptSchedule schedule) {
    return request.prompts().syntax() == PromptSyntax.PLAIN
        ? Collections.nCopies(schedule.rows(), prompt)
        : IntStream.range(0, schedule.rows())
            .mapToObj(row -> schedule.at(prompt, row))
            .toList();
  }

  private int chunks(String prompt, PromptEmbedding given, PromptSchedule schedule) {
    return given != null
        ? given.count() / encoders.get(0).tokenizer().maxLength()
        : IntStream.rangeClosed(1, schedule.totalRows())
            .mapToObj(step -> schedule.at(prompt, step - schedule.completedRows()))
            .distinct()
            .mapToInt(this::chunks)
            .max()
            .orElse(1);
  }

  private int chunks(String text) {
    return encoders.stream()
        .mapToInt(encoder -> encoder.ids(text, request.prompts().syntax()).size())
        .max()
        .orElse(1);
  }

  private List<TextEncoding> texts(List<String> rows, boolean negativePrompt, int chunks) {
    Map<String, TextEncoding> known = new HashMap<>();
    return rows.stream()
        .map(row -> known.computeIfAbsent(row, text -> text(text, negativePrompt, chunks)))
        .toList();
  }

  private TextEncoding text(String text, boolean negativePrompt, int chunks) {
    PromptEmbedding given = negativePrompt ? request.negativeEmbedding() : request.embedding();
    return given == null
        ? encode(text, negativePrompt, chunks)
        : new TextEncoding(tokens(given), pooled(given));
  }

  /** A text through every tower: tokens [1, tokens, width], pooled [1, width] of the last. */
  private TextEncoding encode(String text, boolean negativePrompt, int chunks) {
    TensorVector tokens = new TensorVector();
    Tensor pooled = null;
    int most = Math.max(chunks, chunks(text));
    for (int i = 0; i < encoders.size(); i++) {
      LoadedClip textEncoder = model.clipTextEncoders().get(i);
      TextEncoding encoding = encoders
          .get(i)
          .encode(
              text,
              request.prompts().syntax(),
              textEncoder.skippedLayers() + request.prompts().skippedLayers(negativePrompt),
              textEncoder.skippedLayers() == 0,
              most);
      tokens.push_back(encoding.tokens());
      pooled = encoding.pooled();
    }
    TextEncoding all = new TextEncoding(torch.cat(tokens, -1), pooled);
    return negativePrompt && request.negative().isEmpty() && model.zerosForEmptyPrompt()
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
   * What the UNet is told with a text, a row for each: for SDXL also sizes, and the guidance where
   * it knows one.
   */
  static UNetConditioning unetConditioning(
      StableDiffusionNetworks model,
      ImageRequest request,
      TextEncoding text,
      boolean negativePrompt) {
    int width = model.unetConfig().guidanceWidth();
    Tensor guidance =
        width == 0 ? null : toModel(model, SinusoidalEmbedding.guidance(request.guidance(), width));
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
        : request.negativeSizeConditioning() != null
            ? request.negativeSizeConditioning()
            : count == 5
                ? request
                    .sizeConditioning()
                    .cropTopLeft(0, 0)
                    .aestheticScore(NEGATIVE_AESTHETIC_SCORE)
                : request.sizeConditioning();
    return sizes.timeIds(request.width(), request.height(), count);
  }

  /**
   * What the web interface reads in prompts that is no text, and is not done here: tags of extra
   * networks ({@code modules/extra_networks.py}) and prompts joined by {@code AND} or weighed
   * ({@code modules/prompt_parser.py}). They are refused, since text encoders would take them for
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
     * The request as text encoders read it: in the web interface's syntax without comments.
     *
     * @throws IllegalArgumentException when one says what is not done here
     */
    static ImageRequest read(ImageRequest asked) {
      if (asked.prompts().syntax() != PromptSyntax.A1111) {
        return asked;
      }
      ImageRequest request = asked
          .prompt(asked.prompt().replaceAll(COMMENT, "\n"))
          .negative(asked.negative().replaceAll(COMMENT, "\n"));
      if (request.embedding() == null) {
        refuseTags("prompt", request.prompt(), request);
        refuseComposableDiffusion(request.prompt());
      }
      // The web interface takes AND and a number at the end of a negative prompt for words.
      if (request.negativeEmbedding() == null) {
        refuseTags("negative prompt", request.negative(), request);
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
            throw new IllegalArgumentException(
                "the " + which + " has " + tag
                    + ", by which the web interface loads a file; take it out, and"
                    + " give a LoRA as its file: ImageRequest.as(Lora.open(FILE, base).at(WEIGHT)), or --lora FILE@WEIGHT");
          });
    }

    private static boolean isPlaceholderToken(String tag, ImageRequest request) {
      return request.prompts().textualInversions().stream()
          .anyMatch(word -> word.token().equalsIgnoreCase(tag));
    }

    private static void refuseComposableDiffusion(String prompt) {
      Matcher joined = COMPOSED.matcher(prompt);
      if (joined.find()) {
        throw new IllegalArgumentException(
            "the prompt joins prompts by AND, which are not drawn together here (\"" + prompt
                + "\"); ask for one of them, or write the word in small letters");
      }
      Matcher factor = FACTOR.matcher(prompt);
      if (factor.find()) {
        throw new IllegalArgumentException("the prompt ends in \""
            + factor.group().strip() + "\", which multiplies the guidance in the"
            + " web interface; write (WORDS:1.2), or change the guidance");
      }
    }
  }
}
