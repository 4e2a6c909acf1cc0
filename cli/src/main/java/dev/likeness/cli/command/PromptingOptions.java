package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.CommandPaths;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/** The options for prompts. */
@Command(optionListHeading = "Prompts")
final class PromptingOptions {
  @Option(
      names = "--prompt",
      required = true,
      paramLabel = "TEXT",
      description = "prompt: describes the images")
  private String prompt;

  @Option(
      names = "--negative",
      paramLabel = "TEXT",
      description = "negative prompt: describes content that the images must not have (default: "
          + "none; some bases treat an empty text differently from none)")
  private String negative;

  @Option(
      names = "--prompt-syntax",
      paramLabel = "NAME",
      defaultValue = "plain",
      description = "plain, or a1111 with (word:1.2), [word], BREAK, [from:to:when], [a|b] and any "
          + "length (default: ${DEFAULT-VALUE})")
  private String syntax;

  @NumberRange(min = 0, max = 100)
  @Option(
      names = "--clip-skip",
      paramLabel = "N",
      defaultValue = "0",
      description = "number of last text encoder layers to skip, in addition to the layers that "
          + "the base skips. For clip skip 2 of the AUTOMATIC1111 web UI, give 1 if the base "
          + "uses the last "
          + "layer, otherwise 0 (default: ${DEFAULT-VALUE})")
  private int clipSkip;

  @PathUse(Use.READ)
  @Option(
      names = "--embedding",
      paramLabel = "FILE[=NAME]",
      converter = EmbeddingOption.Parser.class,
      description =
          "textual inversion. Prompts use it by NAME, by the file's name without ending, or by "
              + "the name in the file; may be repeated")
  private List<EmbeddingOption> embeddings = List.of();

  @Option(
      names = "--prompt-2",
      paramLabel = "TEXT",
      description = "prompt for the second text encoder (default: --prompt)")
  private String prompt2;

  @Option(
      names = "--prompt-3",
      paramLabel = "TEXT",
      description = "prompt for the third text encoder (default: --prompt)")
  private String prompt3;

  @Option(
      names = "--negative-2",
      paramLabel = "TEXT",
      description = "negative prompt for the second text encoder (default: --negative)")
  private String negative2;

  @Option(
      names = "--negative-3",
      paramLabel = "TEXT",
      description = "negative prompt for the third text encoder (default: --negative)")
  private String negative3;

  @NumberRange(min = 1, max = 32_768)
  @Option(
      names = "--max-sequence-length",
      paramLabel = "N",
      description =
          "number of tokens that a T5 or Qwen3 text encoder reads (default: from the base)")
  private Integer maxSequenceLength;

  /** Returns a request with these options, and with every other option at its default. */
  ImageRequest request() {
    ImageRequest plain =
        ImageRequest.of(prompt).syntax(PromptSyntax.parse(syntax)).clipSkip(clipSkip);
    PromptOptions prompts = plain
        .prompts()
        .encoderPrompts(new PromptOptions.EncoderPrompts(
            Optional.ofNullable(prompt2),
            Optional.ofNullable(prompt3),
            Optional.ofNullable(negative2),
            Optional.ofNullable(negative3)));
    prompts = negative == null ? prompts : prompts.negative(negative);
    ImageRequest parsed = plain.prompts(
        maxSequenceLength == null ? prompts : prompts.maxSequenceLength(maxSequenceLength));
    List<TextualInversion> others = new ArrayList<>();
    for (EmbeddingOption given : embeddings) {
      List<TextualInversion> own = new ArrayList<>(TextualInversion.openWithAllNames(given.file()));
      if (given.name() != null) {
        own.add(0, own.get(0).withToken(given.name()));
      }
      parsed = parsed.textualInversion(own.get(0));
      others.addAll(own.subList(1, own.size()));
    }
    return withUnambiguous(parsed, others);
  }

  /** Adds further names, except those that would stand for two textual inversions. */
  private static ImageRequest withUnambiguous(ImageRequest request, List<TextualInversion> others) {
    ImageRequest all = request;
    for (TextualInversion other : others) {
      boolean taken = Stream.concat(request.prompts().textualInversions().stream(), others.stream())
          .anyMatch(one -> one.token().equalsIgnoreCase(other.token())
              && !one.withToken(other.token()).equals(other));
      all = taken ? all : all.textualInversion(other);
    }
    return all;
  }

  /**
   * A textual inversion with a name for prompts, as {@code FILE} or {@code FILE=NAME}.
   *
   * @param file the file
   * @param name the name, or null
   */
  record EmbeddingOption(Path file, String name) implements CommandPaths.HasPath {
    /** Parses an option; a file whose own name contains {@code =} is used as it is. */
    static final class Parser implements ITypeConverter<EmbeddingOption> {
      @Override
      public EmbeddingOption convert(String text) {
        int end = Files.exists(Path.of(text)) ? -1 : text.lastIndexOf('=');
        return end < 0
            ? new EmbeddingOption(Path.of(text), null)
            : new EmbeddingOption(Path.of(text.substring(0, end)), text.substring(end + 1));
      }
    }
  }
}
