package dev.likeness.studio.internal.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of the table of routes: what the server answers, and what the OpenAPI document says of
 * it.
 *
 * @param method the method, such as {@code GET}
 * @param path the path with its variable parts in braces
 * @param id the name of the operation in generated clients
 * @param summary one sentence for readers of the document
 * @param body what the body of the request is
 * @param query the parameters of the query with one sentence each
 * @param answer what the answer is
 * @param handler answers the request
 */
record Route(
    String method,
    String path,
    String id,
    String summary,
    Body body,
    Map<String, String> query,
    Answer answer,
    Handler handler) {
  /** The parts of paths that vary, each with all that it can be. */
  static final Map<String, String> VARIABLES = Map.of(
      "person", "[0-9a-f]{32}",
      "photo", "[0-9a-f]{32}",
      "shoot", "[0-9a-f]{16}",
      "image", "[1-9][0-9]{0,5}",
      "model", "[a-z0-9][a-z0-9.-]{0,60}");

  private static final Pattern VARIABLE = Pattern.compile("\\{([a-z]+)\\}");

  /** Answers a request. */
  @FunctionalInterface
  interface Handler {
    void handle(Exchange exchange);
  }

  /**
   * The body of a request.
   *
   * @param type the media type; empty for no body
   * @param fields the fields of a JSON object: name, type and one sentence
   */
  record Body(String type, List<Field> fields) {
    static final Body NONE = new Body("", List.of());
    static final Body FILE = new Body("application/octet-stream", List.of());

    static Body json(Field... fields) {
      return new Body(Exchange.JSON_TYPE, List.of(fields));
    }
  }

  /**
   * A field of a JSON object.
   *
   * @param type the JSON type: string, boolean, integer, number, array or object
   */
  record Field(String name, String type, String summary, boolean isRequired) {
    static Field required(String name, String type, String summary) {
      return new Field(name, type, summary, true);
    }

    static Field optional(String name, String type, String summary) {
      return new Field(name, type, summary, false);
    }
  }

  /** The answer to a request. */
  record Answer(int status, String type) {
    static final Answer OBJECT = new Answer(200, Exchange.JSON_TYPE);
    static final Answer CREATED = new Answer(201, Exchange.JSON_TYPE);
    static final Answer ACCEPTED = new Answer(202, Exchange.JSON_TYPE);
    static final Answer IMAGE = new Answer(200, Exchange.PNG);
    static final Answer PAGE = new Answer(200, "text/html");
    static final Answer EVENTS = new Answer(200, "text/event-stream");
    static final Answer FILE = new Answer(200, "application/octet-stream");
  }

  static Route of(
      String method, String path, String id, String summary, Answer answer, Handler handler) {
    return new Route(method, path, id, summary, Body.NONE, Map.of(), answer, handler);
  }

  Route body(Body other) {
    return new Route(method, path, id, summary, other, query, answer, handler);
  }

  Route query(String name, String sentence) {
    Map<String, String> more = new LinkedHashMap<>(query);
    more.put(name, sentence);
    return new Route(method, path, id, summary, body, more, answer, handler);
  }

  /** Returns the names of the variable parts, in the order of the path. */
  List<String> variables() {
    List<String> names = new ArrayList<>();
    Matcher found = VARIABLE.matcher(path);
    while (found.find()) {
      names.add(found.group(1));
    }
    return names;
  }

  /** Returns the variable parts of a path that has this form. */
  Optional<Map<String, String>> match(String given) {
    Matcher matcher = pattern().matcher(given);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Map<String, String> values = new LinkedHashMap<>();
    variables().forEach(name -> values.put(name, matcher.group(name)));
    return Optional.of(values);
  }

  private Pattern pattern() {
    return Pattern.compile(VARIABLE
        .matcher(path.replace(".", "\\."))
        .replaceAll(found -> Matcher.quoteReplacement(
            "(?<" + found.group(1) + ">" + VARIABLES.get(found.group(1)) + ")")));
  }
}
