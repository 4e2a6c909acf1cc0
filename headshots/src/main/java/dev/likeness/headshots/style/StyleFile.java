package dev.likeness.headshots.style;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelExtras;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;

/** Reads styles from JSON, field by field, so that an error message has the line of the fault. */
final class StyleFile {
  private static final Set<String> TEXT_FIELDS =
      Set.of("name", "title", "opening", "lens", "negative", "crop");
  private static final Set<String> LIST_FIELDS =
      Set.of("wardrobe", "expressions", "lights", "backdrops", "bases");
  private static final String GUIDANCE = "guidance";
  private static final String MONOCHROME = "monochrome";
  private static final Map<String, String> OTHER_FIELDS = Map.of(
      GUIDANCE, "guidance must be a number from 1", MONOCHROME, "monochrome must be true or false");
  /** Fields that are not part of a prompt. */
  private static final Set<String> UNPROMPTED_FIELDS = Set.of("name", "title");

  /** The names of families in style files, which differ from the ids in the registry. */
  private static final Map<ModelFamily, String> FAMILY_NAMES = Map.of(
      FamilyRegistry.STABLE_DIFFUSION,
      Style.FAMILIES.get(0),
      FamilyRegistry.SD3,
      Style.FAMILIES.get(1),
      FamilyRegistry.FLUX,
      Style.FAMILIES.get(2));

  private static final String OTHER_FAMILY = Style.FAMILIES.get(3);

  static final List<Style> BUILT_IN = builtIn();

  private final JsonParser json;
  private final String source;

  private StyleFile(JsonParser json, String source) {
    this.json = json;
    this.source = source;
  }

  /** Returns the name under which style files know the family of a base. */
  static String family(BaseModel base) {
    return EngineAccess.extras(base)
        .styleFamily()
        .orElseGet(
            () -> FAMILY_NAMES.getOrDefault(EngineAccess.model(base).family(), OTHER_FAMILY));
  }

  private static List<Style> builtIn() {
    try (InputStream in = StyleFile.class.getResourceAsStream("styles.json")) {
      return read(in, "styles.json");
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
  }

  static List<Style> read(Path file) {
    if (!Files.exists(file)) {
      throw new InvalidInputException(
          file + " does not exist; give a JSON file with a list of styles");
    }
    try (InputStream in = Files.newInputStream(ModelFile.regular(file))) {
      return read(in, file.toString());
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static List<Style> read(InputStream in, String where) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(in)) {
      try {
        return new StyleFile(json, where).styles();
      } catch (JsonProcessingException e) {
        // The message already names the file and line, so the parser's location is removed. A limit
        // of the parser comes without a location.
        String reason = Quoted.problem(e).replaceAll(" \\(start marker at .*", "");
        JsonLocation at = e.getLocation() == null ? json.currentLocation() : e.getLocation();
        throw new InvalidInputException(
            where + " line " + at.getLineNr() + ": not JSON: " + reason, e);
      }
    }
  }

  private List<Style> styles() throws IOException {
    expect(json.nextToken(), JsonToken.START_ARRAY, "a list of styles");
    List<Style> styles = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json.currentToken(), JsonToken.START_OBJECT, "a style, in braces");
      int line = json.currentTokenLocation().getLineNr();
      Style style = style(line);
      if (styles.stream().anyMatch(s -> s.name().equalsIgnoreCase(style.name()))) {
        throw invalidStyle(
            line, "a second style named " + Quoted.of(style.name()) + "; give it another name");
      }
      styles.add(style);
    }
    if (styles.isEmpty()) {
      throw invalidStyle("there is no style in the list");
    }
    expect(json.nextToken(), null, "nothing after the list of styles");
    return List.copyOf(styles);
  }

  private Style style(int line) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      if (fields.containsKey(field)) {
        throw invalidStyle("this style has the field " + Quoted.of(field) + " twice");
      }
      json.nextToken();
      fields.put(field, readValue(field));
    }
    for (String needed :
        List.of("name", "opening", "wardrobe", "expressions", "lights", "backdrops")) {
      if (!fields.containsKey(needed)) {
        throw invalidStyle(line, "this style has no \"" + needed + "\"");
      }
    }
    String name = text(fields, "name");
    try {
      return style(name, fields);
    } catch (IllegalArgumentException e) {
      throw invalidStyle(line, e.getMessage());
    }
  }

  private static Style style(String name, Map<String, Object> fields) {
    return new Style(
        name,
        text(fields, "title").isEmpty() ? name : text(fields, "title"),
        text(fields, "opening"),
        texts(fields, "wardrobe"),
        texts(fields, "expressions"),
        texts(fields, "lights"),
        texts(fields, "backdrops"),
        text(fields, "lens"),
        text(fields, "negative"),
        fields.get(GUIDANCE) instanceof Double scale
            ? OptionalDouble.of(scale)
            : OptionalDouble.empty(),
        text(fields, "crop").isEmpty() ? "square" : text(fields, "crop"),
        fields.containsKey("bases") ? texts(fields, "bases") : List.of(),
        (boolean) fields.getOrDefault(MONOCHROME, false));
  }

  private Object readValue(String field) throws IOException {
    if (TEXT_FIELDS.contains(field)) {
      return readText(field);
    }
    if (LIST_FIELDS.contains(field)) {
      return readTexts(field);
    }
    if (field.equals(GUIDANCE)
        && json.currentToken().isNumeric()
        && json.getDoubleValue() >= 1
        && Double.isFinite(json.getDoubleValue())) {
      return json.getDoubleValue();
    }
    if (field.equals(MONOCHROME) && json.currentToken().isBoolean()) {
      return json.getBooleanValue();
    }
    throw invalidStyle(OTHER_FIELDS.getOrDefault(
        field,
        "unknown field " + Quoted.of(field) + "; known: "
            + String.join(
                ", ",
                Stream.of(TEXT_FIELDS, LIST_FIELDS, OTHER_FIELDS.keySet())
                    .flatMap(Set::stream)
                    .sorted()
                    .toList())));
  }

  private List<String> readTexts(String field) throws IOException {
    expect(json.currentToken(), JsonToken.START_ARRAY, "a list of texts for \"" + field + "\"");
    List<String> texts = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      texts.add(readText(field));
    }
    if (texts.isEmpty()) {
      throw invalidStyle("\"" + field + "\" is empty; give at least one text");
    }
    return texts;
  }

  private String readText(String field) throws IOException {
    expect(json.currentToken(), JsonToken.VALUE_STRING, "a text for \"" + field + "\"");
    String text = json.getText();
    if (field.equals("crop")) {
      requireCrop(text);
    }
    if (field.equals("bases") && !ModelExtras.isFamily(text)) {
      throw invalidStyle(
          "\"bases\" has " + Quoted.of(text) + "; known: " + String.join(", ", Style.FAMILIES)
              + ", and the style_family in a base's "
              + ModelExtras.FILE);
    }
    if (text.isBlank() && !field.equals(StyleVocabulary.NEGATIVE) && !field.equals("lens")) {
      throw invalidStyle("\"" + field + "\" is empty");
    }
    Optional<String> fault = UNPROMPTED_FIELDS.contains(field)
        ? Optional.empty()
        : StyleVocabulary.findFault(field, text);
    if (fault.isPresent()) {
      throw invalidStyle(fault.get());
    }
    return text;
  }

  private void requireCrop(String format) throws IOException {
    try {
      HeadshotCrop.ratio(format);
    } catch (IllegalArgumentException e) {
      throw invalidStyle(e.getMessage());
    }
  }

  private static String text(Map<String, Object> fields, String name) {
    return (String) fields.getOrDefault(name, "");
  }

  @SuppressWarnings("unchecked")
  private static List<String> texts(Map<String, Object> fields, String name) {
    return (List<String>) fields.get(name);
  }

  private void expect(JsonToken token, JsonToken wanted, String what) {
    if (token != wanted) {
      throw invalidStyle("expected " + what);
    }
  }

  private InvalidInputException invalidStyle(String reason) {
    return invalidStyle(json.currentTokenLocation().getLineNr(), reason);
  }

  private InvalidInputException invalidStyle(int line, String reason) {
    return new InvalidInputException(source + " line " + line + ": " + reason);
  }
}
