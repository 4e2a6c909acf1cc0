package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.text.SentencePieceModel.Piece;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The tables of T5's unigram model.
 *
 * @param source the file they came from
 * @param pieces in the order of their ids
 * @param normalizer the precompiled character map in base 64, or null
 * @param added tokens that are matched before encoding, as {@code tokenizer.json} writes them
 * @param own the steps of a generic tokenizer's file, which replace T5's; else empty
 * @param hasByteFallback true if unknown characters are encoded as bytes
 * @param hasEnd true if a prompt ends with {@code </s>}
 */
record T5Vocabulary(
    String source,
    List<Piece> pieces,
    String normalizer,
    List<Map<?, ?>> added,
    Map<String, Object> own,
    boolean hasByteFallback,
    boolean hasEnd) {
  /** The id of the unknown token. */
  static final int UNKNOWN = 2;

  private static final Set<String> GENERIC = Set.of("PreTrainedTokenizerFast", "TokenizersBackend");
  private static final String WHOLE = "tokenizer.json";
  private static final String CONFIG = "tokenizer_config.json";
  private static final int SENTINELS = 100;

  T5Vocabulary {
    SentencePieceModel.check(pieces, source);
    if (pieces.size() <= UNKNOWN) {
      throw new InvalidInputException(source + " has too few pieces ("
          + pieces.size() + "); a tokenizer of T5 has at least " + (UNKNOWN + 1)
          + "; use the tokenizer's files that were published with the model");
    }
    if (!own.isEmpty()) {
      Predicate<String> keeps =
          OwnSteps.check(source, own.get("normalizer"), own.get("pre_tokenizer"));
      added.forEach(token -> requireKept(source, keeps, token));
    } else if (normalizer != null) {
      SentencePieceModel.CharacterMap map = SentencePieceModel.CharacterMap.of(source, normalizer);
      added.forEach(token -> requireKept(source, map::keeps, token));
    }
  }

  /** T5's own steps. */
  private T5Vocabulary(
      String source, List<Piece> pieces, String normalizer, List<Map<?, ?>> added) {
    this(source, pieces, normalizer, added, Map.of(), false, true);
  }

  // The native library stops on a token whose normalised text is empty.
  private static void requireKept(String source, Predicate<String> keeps, Map<?, ?> token) {
    if (Boolean.TRUE.equals(token.get("normalized"))
        && token.get("content") instanceof String content
        && !keeps.test(content)) {
      throw new InvalidInputException(source + ": the normalizer changes the added token "
          + Quoted.of(content) + ", which is not supported; set its \"normalized\" to false");
    }
  }

  /** Reads {@code tokenizer.json}, or else {@code spiece.model}. */
  static T5Vocabulary read(Path folder, String className) {
    TokenizerFiles files = TokenizerFiles.read(folder);
    if (files.has(WHOLE)) {
      Object named = className != null || !files.has(CONFIG)
          ? className
          : BpeVocabulary.object(files, CONFIG).get("tokenizer_class");
      return fromTokenizerJson(files, GENERIC.contains(String.valueOf(named)));
    }
    return fromSentencePiece(files
        .pieces()
        .orElseThrow(() -> new InvalidInputException(
            folder + " has no T5 tokenizer; expected tokenizer.json or spiece.model")));
  }

  private static T5Vocabulary fromTokenizerJson(TokenizerFiles files, boolean generic) {
    Path file = files.path(WHOLE);
    Map<String, Object> document = BpeVocabulary.object(files, WHOLE);
    if (!(document.get("model") instanceof Map<?, ?> model)
        || !(model.get("vocab") instanceof List<?> entries)) {
      throw new InvalidInputException(
          file + " has no unigram model; expected \"model\" with a list \"vocab\","
              + " as in T5's tokenizer.json; use the tokenizer's files that were published with the model");
    }
    List<Piece> pieces = new ArrayList<>(entries.size());
    for (Object entry : entries) {
      if (!(entry instanceof List<?> pair)
          || pair.size() != 2
          || !(pair.get(0) instanceof String text)
          || !(pair.get(1) instanceof Number score)) {
        throw new InvalidInputException(file + ": piece " + pieces.size() + " is "
            + Quoted.of(String.valueOf(entry)) + ", expected a text and its score;"
            + " use the tokenizer's files that were published with the model");
      }
      pieces.add(new Piece(text, score.doubleValue()));
    }
    List<Map<?, ?>> added = new ArrayList<>();
    if (document.get("added_tokens") instanceof List<?> tokens) {
      tokens.stream().filter(Map.class::isInstance).forEach(token -> added.add((Map<?, ?>) token));
    }
    if (!generic) {
      requireListed(files, pieces, added);
      return new T5Vocabulary(
          file.toString(), pieces, characterMap(document.get("normalizer")), added);
    }
    Map<String, Object> own = new LinkedHashMap<>();
    own.put("normalizer", document.get("normalizer"));
    own.put("pre_tokenizer", document.get("pre_tokenizer"));
    if (!Integer.valueOf(UNKNOWN).equals(model.get("unk_id"))) {
      throw new InvalidInputException(
          file + ": the unknown token has the id " + Quoted.of(String.valueOf(model.get("unk_id")))
              + ", expected " + UNKNOWN + "; give T5's own tokenizer");
    }
    return new T5Vocabulary(
        file.toString(),
        pieces,
        null,
        added,
        own,
        Boolean.TRUE.equals(model.get("byte_fallback")),
        endsInTemplate(file, document.get("post_processor")));
  }

  // Files of two tokenizers in one folder, whose ids are those of neither.
  private static void requireListed(
      TokenizerFiles files, List<Piece> pieces, List<Map<?, ?>> added) {
    Map<String, Object> config = files.has(CONFIG) ? BpeVocabulary.object(files, CONFIG) : Map.of();
    Set<Object> known = pieces.stream().map(Piece::text).collect(Collectors.toSet());
    added.forEach(token -> known.add(token.get("content")));
    for (String key : List.of("additional_special_tokens", "extra_special_tokens")) {
      if (config.get(key) instanceof List<?> listed) {
        for (Object token : listed) {
          if (token instanceof String && !known.contains(token)) {
            throw new InvalidInputException(
                files.path(WHOLE) + " has no token " + Quoted.of(token.toString())
                    + ", which " + CONFIG + " beside it lists as " + key
                    + "; give both files of the tokenizer that the text encoder was trained with");
          }
        }
      }
    }
  }

  // The template of a text: [{"Sequence": …}, {"SpecialToken": {"id": "</s>", …}}].
  private static boolean endsInTemplate(Path file, Object template) {
    if (template == null) {
      return false;
    }
    if (template instanceof Map<?, ?> map
        && map.get("single") instanceof List<?> parts
        && parts.size() <= 2
        && !parts.isEmpty()
        && parts.get(0) instanceof Map<?, ?> first
        && first.containsKey("Sequence")) {
      boolean ends = parts.size() == 2
          && parts.get(1) instanceof Map<?, ?> second
          && second.get("SpecialToken") instanceof Map<?, ?> token
          && "</s>".equals(token.get("id"));
      if (parts.size() == 1 || ends) {
        return ends;
      }
    }
    throw new InvalidInputException(file + ": the post_processor does not add </s> at the end of a"
        + " text; give T5's own tokenizer");
  }

  private static String characterMap(Object normalizer) {
    if (normalizer instanceof Map<?, ?> one) {
      return one.get("normalizers") instanceof List<?> several
          ? several.stream()
              .map(T5Vocabulary::characterMap)
              .filter(map -> map != null)
              .findFirst()
              .orElse(null)
          : one.get("precompiled_charsmap") instanceof String map ? map : null;
    }
    return null;
  }

  // The file lacks the 100 sentinels after the pieces, which are in descending order.
  private static T5Vocabulary fromSentencePiece(Path file) {
    SentencePieceModel model = SentencePieceModel.read(file);
    List<Map<?, ?>> added = new ArrayList<>();
    for (int id = 0; id < Math.min(3, model.pieces().size()); id++) {
      added.add(token(id, model.pieces().get(id).text()));
    }
    for (int i = 0; i < SENTINELS; i++) {
      added.add(token(model.pieces().size() + i, "<extra_id_" + (SENTINELS - 1 - i) + ">"));
    }
    String map = model.normalizer().length == 0
        ? null
        : Base64.getEncoder().encodeToString(model.normalizer());
    return new T5Vocabulary(file.toString(), model.pieces(), map, added);
  }

  private static Map<String, Object> token(int id, String content) {
    Map<String, Object> token = new LinkedHashMap<>();
    token.put("id", id);
    token.put("content", content);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      token.put(flag, false);
    }
    token.put("special", true);
    return token;
  }

  /** The id of the piece {@code text}. */
  int id(String text) {
    for (int id = 0; id < pieces.size(); id++) {
      if (pieces.get(id).text().equals(text)) {
        return id;
      }
    }
    throw new InvalidInputException(
        source + " has no piece \"" + text + "\"; give T5's own tokenizer");
  }

  /**
   * Checks the steps before the model in a {@code tokenizer.json}: normalizers and pre-tokenizers.
   * Only steps are allowed that finish in time in proportion to the text and that the library
   * survives.
   */
  static final class OwnSteps {
    private static final int MOST = 32;
    private static final int LONGEST = 256;
    private static final double MOST_GROWTH = 64;
    private static final Set<String> NORMALIZERS =
        Set.of("NFC", "NFD", "NFKC", "NFKD", "Nmt", "Lowercase", "StripAccents", "Strip");
    private static final Set<String> SPLITS = Set.of(
        "WhitespaceSplit", "Whitespace", "Metaspace", "Punctuation", "Digits", "BertPreTokenizer");
    private static final Pattern SIMPLE_REGEX =
        Pattern.compile("(?: |\\\\[snrt])(?:\\+|\\{\\d{1,3},})?");

    private final String source;
    private final List<Predicate<String>> keeps = new ArrayList<>();
    private int count;
    private double growth = 1;

    private OwnSteps(String source) {
      this.source = source;
    }

    /**
     * Checks both steps.
     *
     * @return a rule for tokens whose text the normalizer does not make empty
     * @throws InvalidInputException if a step is not allowed
     */
    static Predicate<String> check(String source, Object normalizer, Object preTokenizer) {
      OwnSteps steps = new OwnSteps(source);
      steps.visit("normalizer", normalizer, "normalizers", steps::checkNormalizer);
      steps.visit("pre_tokenizer", preTokenizer, "pretokenizers", steps::checkSplit);
      return text ->
          text.matches("[!-~]+") && steps.keeps.stream().allMatch(each -> each.test(text));
    }

    private void visit(String what, Object step, String list, Consumer<Map<?, ?>> check) {
      if (step == null) {
        return;
      }
      if (++count > MOST || !(step instanceof Map<?, ?> map)) {
        throw refused(what, step);
      }
      if ("Sequence".equals(map.get("type")) && map.get(list) instanceof List<?> several) {
        several.forEach(each -> visit(what, each, list, check));
      } else {
        check.accept(map);
      }
    }

    private void checkNormalizer(Map<?, ?> step) {
      if ("Precompiled".equals(step.get("type"))
          && step.get("precompiled_charsmap") instanceof String map) {
        SentencePieceModel.CharacterMap checked = SentencePieceModel.CharacterMap.of(source, map);
        keeps.add(checked::keeps);
      } else if ("Replace".equals(step.get("type"))
          && step.get("pattern") instanceof Map<?, ?> pattern
          && step.get("content") instanceof String content
          && content.length() <= LONGEST) {
        String text = pattern.get("String") instanceof String given ? given : " ";
        boolean simple = pattern.get("Regex") instanceof String regex
            && SIMPLE_REGEX.matcher(regex).matches();
        growth *= Math.max(1, (double) content.length() / Math.max(1, text.length()));
        if (pattern.size() != 1
            || !simple && (pattern.get("Regex") != null || text.isEmpty())
            || growth > MOST_GROWTH) {
          throw refused("normalizer", step);
        }
        keeps.add(token -> !token.contains(text));
      } else if ("Prepend".equals(step.get("type"))
          && step.get("prepend") instanceof String start
          && start.length() <= LONGEST) {
        keeps.add(token -> true);
      } else if (!NORMALIZERS.contains(String.valueOf(step.get("type")))) {
        throw refused("normalizer", step);
      }
    }

    private void checkSplit(Map<?, ?> step) {
      if (!SPLITS.contains(String.valueOf(step.get("type")))) {
        throw refused("pre_tokenizer", step);
      }
    }

    private InvalidInputException refused(String what, Object step) {
      String text = String.valueOf(step);
      return new InvalidInputException(source + ": the " + what + " "
          + Quoted.of(text.substring(0, Math.min(text.length(), 80)))
          + " is not supported; give T5's own tokenizer");
    }
  }
}
