package dev.likeness.lora.internal.file;

import dev.likeness.lora.TrainedPerson;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the header of a LoRA made of others says. Of one alone: everything but what its factors
 * were. Of several: what they agree on, and all that people wrote for people: titles, words,
 * licences, and what each person agreed to.
 */
public final class MergedNotes {
  private static final Pattern OF_FACTORS = Pattern.compile("ss_network_.*");
  /** How one of several was trained, which is not how the sum was. */
  private static final Pattern OF_TRAINING = Pattern.compile("ss_(?!base_model_version|v2).*");

  private static final Pattern OF_PERSON = Pattern.compile("likeness\\.(?!base$|consent$).*");
  private static final List<String> WRITTEN =
      List.of("modelspec.author", "modelspec.description", "modelspec.usage_hint");

  private MergedNotes() {}

  /**
   * The notes of the sum of LoRAs with these headers, whose factors have that rank, which is their
   * alpha too.
   */
  public static Map<String, String> of(Collection<Map<String, String>> headers, int rank) {
    Map<String, String> notes =
        LoraMetadata.rewritten(headers.size() == 1 ? headers.iterator().next() : several(headers));
    boolean kohya = headers.stream().anyMatch(header -> header.containsKey("ss_network_dim"));
    notes.keySet().removeIf(name -> OF_FACTORS.matcher(name).matches());
    if (kohya) {
      notes.put("ss_network_dim", Integer.toString(rank));
      notes.put("ss_network_alpha", Integer.toString(rank));
    }
    return notes;
  }

  private static Map<String, String> several(Collection<Map<String, String>> headers) {
    Map<String, String> notes = new LinkedHashMap<>();
    headers.forEach(notes::putAll);
    notes
        .keySet()
        .removeIf(name ->
            OF_TRAINING.matcher(name).matches() || texts(headers, List.of(name)).count() > 1);
    join(notes, LoraNotes.TITLES, " + ", texts(headers, LoraNotes.TITLES));
    join(notes, LoraNotes.LICENCES, "; ", texts(headers, LoraNotes.LICENCES));
    join(
        notes,
        LoraNotes.TRIGGERS,
        ", ",
        headers.stream().flatMap(header -> LoraNotes.of(header).triggerWords().stream()));
    WRITTEN.forEach(name -> join(notes, List.of(name), "; ", texts(headers, List.of(name))));
    join(
        notes,
        List.of(TrainedPerson.CONSENT),
        "\n",
        texts(headers, List.of(TrainedPerson.CONSENT)));
    if (subjects(headers).size() > 1) {
      // The sum is none of them: what is told of one alone goes, what each agreed to stays.
      notes.keySet().removeIf(name -> OF_PERSON.matcher(name).matches());
    }
    return notes;
  }

  /** Whom the headers show, and by whose consent. */
  private static Set<List<String>> subjects(Collection<Map<String, String>> headers) {
    Set<List<String>> subjects = new LinkedHashSet<>();
    headers.stream()
        .filter(header -> header.containsKey(TrainedPerson.CLASS_WORD)
            || header.containsKey(TrainedPerson.CONSENT))
        .forEach(header -> subjects.add(
            Stream.of(TrainedPerson.TOKEN, TrainedPerson.CLASS_WORD, TrainedPerson.CONSENT)
                .map(name -> header.getOrDefault(name, ""))
                .toList()));
    return subjects;
  }

  private static Stream<String> texts(Collection<Map<String, String>> headers, List<String> names) {
    return headers.stream()
        .flatMap(header -> names.stream().map(header::get))
        .filter(Objects::nonNull)
        .filter(text -> !text.isBlank())
        .distinct();
  }

  private static void join(
      Map<String, String> notes, List<String> names, String between, Stream<String> texts) {
    names.forEach(notes::remove);
    String all = String.join(between, texts.distinct().toList());
    if (!all.isEmpty()) {
      notes.put(names.get(0), all);
    }
  }
}
