package dev.likeness.lora.internal.file;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes and reads metadata that other programs use: kohya's {@code ss_*} entries, by which web
 * interfaces sort files, and Stability's ModelSpec 1.0.1.
 */
public final class LoraMetadata {
  /** Keys of the person of a LoRA: token in prompts, class word and consent. */
  public static final String TOKEN = "likeness.token";

  public static final String CLASS_WORD = "likeness.class_word";
  public static final String CONSENT = "likeness.consent";
  /** Key of the base model that the person was trained on. */
  public static final String BASE = "likeness.base";

  private static final Pattern TENSOR_KEYS =
      Pattern.compile("sshs_.*|modelspec\\.hash.*|lora_adapter_metadata");

  private static final String MODULE = "ss_network_module";
  private static final String ARGUMENTS = "ss_network_args";

  /** Keys of the title of a LoRA; the first is that of ModelSpec. */
  private static final List<String> TITLES = List.of("modelspec.title", "ss_output_name", "name");

  private static final List<String> LICENCES = List.of("modelspec.license", "license", "licence");
  private static final List<String> TRIGGERS =
      List.of("modelspec.trigger_phrase", "trigger_word", "trigger_words", "instance_prompt");
  private static final List<String> BASES =
      List.of("ss_base_model_version", "modelspec.architecture", BASE);
  /** The number of tags of the training set that stand for a trigger. */
  private static final int MOST_TAGS = 3;

  private LoraMetadata() {}

  /**
   * Returns the entries that stay true if the factors are written again with alpha equal to their
   * rank. Hashes of the old tensors are removed.
   */
  static Map<String, String> rewrite(Map<String, String> original) {
    Map<String, String> metadata = new HashMap<>(original);
    metadata.keySet().removeIf(name -> TENSOR_KEYS.matcher(name).matches());
    metadata.computeIfPresent(
        "ss_network_alpha", (name, alpha) -> metadata.getOrDefault("ss_network_dim", alpha));
    return metadata;
  }

  /**
   * Adds the kohya module that opens the file. Only files in its own key format get one, because
   * kohya opens no other.
   */
  public static void putModule(
      Map<String, String> metadata, KeyFormat keyFormat, LoraAlgorithm algorithm) {
    if (keyFormat != KeyFormat.KOHYA) {
      metadata.keySet().removeAll(List.of(MODULE, ARGUMENTS));
    } else if (metadata.containsKey("ss_network_dim") && !metadata.containsKey(MODULE)) {
      boolean lycoris = algorithm == LoraAlgorithm.LOKR || algorithm == LoraAlgorithm.LOHA;
      metadata.put(MODULE, lycoris ? "lycoris.kohya" : "networks.lora");
      if (lycoris) {
        String name = algorithm.name().toLowerCase(Locale.ROOT);
        metadata.put(ARGUMENTS, "{\"algo\": \"" + name + "\"}");
      }
    }
  }

  /** Returns the metadata for a new LoRA, whose alpha equals its rank; none for a private base. */
  public static Map<String, String> of(LoraInspection report, String trigger) {
    Kind base = LoraFamilyDetector.kind(report.family())
        .filter(kind -> kind.metadata().kohyaBase() != null)
        .orElse(null);
    int rank = report.rank();
    Map<String, String> metadata = new LinkedHashMap<>();
    if (base != null) {
      metadata.put("ss_base_model_version", base.metadata().kohyaBase());
      // A1111 distinguishes versions 1 and 2 only by this entry.
      metadata.put("ss_v2", base.metadata().isKohyaV2() ? "True" : "False");
      metadata.put("ss_network_dim", Integer.toString(rank));
      metadata.put("ss_network_alpha", Integer.toString(rank));
      metadata.put("modelspec.sai_model_spec", "1.0.1");
      metadata.put("modelspec.architecture", base.metadata().architecture() + "/lora");
      metadata.put("modelspec.trigger_phrase", trigger);
    }
    return metadata;
  }

  /** Returns the readable part of the metadata. */
  public static LoraInspection.Metadata read(Map<String, String> metadata) {
    return new LoraInspection.Metadata(
        first(metadata, TITLES),
        triggerWords(metadata),
        first(metadata, LICENCES),
        first(metadata, BASES));
  }

  /** Returns the report of a LoRA that was made here with this metadata and fits its base. */
  public static LoraInspection made(
      String family, LoraAlgorithm kind, int layers, int rank, Map<String, String> metadata) {
    return new LoraInspection(
        Optional.of(KeyFormat.PEFT),
        family,
        Set.of(kind),
        layers,
        rank,
        LoraInspection.Scale.ONE,
        LoraInspection.Keys.allMatched(2 * layers),
        List.of(),
        read(metadata));
  }

  private static String first(Map<String, String> metadata, List<String> names) {
    return names.stream()
        .map(metadata::get)
        .filter(entry -> entry != null && !entry.isBlank())
        .findFirst()
        .orElse("");
  }

  private static List<String> triggerWords(Map<String, String> metadata) {
    Set<String> words = new LinkedHashSet<>();
    for (String name : TRIGGERS) {
      String said = metadata.get(name);
      if (said != null && !said.isBlank()) {
        words.add(said.trim());
      }
    }
    if (metadata.containsKey(CLASS_WORD)) {
      words.add((metadata.getOrDefault(TOKEN, "") + " " + metadata.get(CLASS_WORD)).trim());
    }
    if (words.isEmpty()) {
      words.addAll(frequent(metadata.getOrDefault("ss_tag_frequency", "")));
    }
    return new ArrayList<>(words);
  }

  /** Returns the tags that the most captions had; kohya counts them by image folder. */
  private static List<String> frequent(String json) {
    try {
      Map<String, Object> folders = json.isBlank() ? null : JSON.std.mapFrom(json);
      if (folders == null) {
        return List.of();
      }
      Map<String, Long> counts = new LinkedHashMap<>();
      folders.values().stream()
          .filter(Map.class::isInstance)
          .forEach(tags -> ((Map<?, ?>) tags)
              .forEach((tag, count) -> counts.merge(
                  tag.toString().trim(),
                  count instanceof Number n ? n.longValue() : 0L,
                  Long::sum)));
      return counts.entrySet().stream()
          .sorted((a, b) -> Long.compare(b.getValue(), a.getValue()))
          .map(Map.Entry::getKey)
          .filter(tag -> !tag.isEmpty())
          .limit(MOST_TAGS)
          .toList();
    } catch (IOException notJson) {
      return List.of();
    }
  }

  /**
   * The metadata of a LoRA made from others. From a single one it keeps everything except
   * properties of the factors. From several it keeps the entries that agree, and all texts written
   * for people: titles, trigger words, licences and consents.
   */
  public static final class MergedMetadata {
    private static final Pattern NETWORK_KEYS = Pattern.compile("ss_network_.*");
    /** Entries about the training of one LoRA, which are wrong for the sum. */
    private static final Pattern TRAINING_KEYS = Pattern.compile("ss_(?!base_model_version|v2).*");

    private static final Pattern PERSON_KEYS = Pattern.compile("likeness\\.(?!base$|consent$).*");
    private static final List<String> FREE_TEXT_KEYS =
        List.of("modelspec.author", "modelspec.description", "modelspec.usage_hint");

    private MergedMetadata() {}

    /**
     * Returns the metadata for the sum of LoRAs with these metadata. Its rank is also its alpha.
     */
    public static Map<String, String> of(Collection<Map<String, String>> all, int rank) {
      Map<String, String> metadata =
          LoraMetadata.rewrite(all.size() == 1 ? all.iterator().next() : combine(all));
      boolean kohya = all.stream().anyMatch(one -> one.containsKey("ss_network_dim"));
      metadata.keySet().removeIf(name -> NETWORK_KEYS.matcher(name).matches());
      if (kohya) {
        metadata.put("ss_network_dim", Integer.toString(rank));
        metadata.put("ss_network_alpha", Integer.toString(rank));
      }
      return metadata;
    }

    private static Map<String, String> combine(Collection<Map<String, String>> all) {
      Map<String, String> metadata = new LinkedHashMap<>();
      all.forEach(metadata::putAll);
      metadata
          .keySet()
          .removeIf(name ->
              TRAINING_KEYS.matcher(name).matches() || texts(all, List.of(name)).count() > 1);
      join(metadata, TITLES, " + ", texts(all, TITLES));
      join(metadata, LICENCES, "; ", texts(all, LICENCES));
      join(
          metadata,
          TRIGGERS,
          ", ",
          all.stream().flatMap(one -> LoraMetadata.triggerWords(one).stream()));
      FREE_TEXT_KEYS.forEach(
          name -> join(metadata, List.of(name), "; ", texts(all, List.of(name))));
      join(metadata, List.of(CONSENT), "\n", texts(all, List.of(CONSENT)));
      if (persons(all).size() > 1) {
        // The sum shows no single person. Entries about one person are removed, the consents stay.
        metadata.keySet().removeIf(name -> PERSON_KEYS.matcher(name).matches());
      }
      return metadata;
    }

    /** Returns the persons of all files, each with a consent. */
    private static Set<List<String>> persons(Collection<Map<String, String>> all) {
      Set<List<String>> subjects = new LinkedHashSet<>();
      all.stream()
          .filter(one -> one.containsKey(CLASS_WORD) || one.containsKey(CONSENT))
          .forEach(one -> subjects.add(Stream.of(TOKEN, CLASS_WORD, CONSENT)
              .map(name -> one.getOrDefault(name, ""))
              .toList()));
      return subjects;
    }

    private static Stream<String> texts(Collection<Map<String, String>> all, List<String> names) {
      return all.stream()
          .flatMap(one -> names.stream().map(one::get))
          .filter(Objects::nonNull)
          .filter(text -> !text.isBlank())
          .distinct();
    }

    private static void join(
        Map<String, String> metadata, List<String> names, String between, Stream<String> texts) {
      names.forEach(metadata::remove);
      String all = String.join(between, texts.distinct().toList());
      if (!all.isEmpty()) {
        metadata.put(names.get(0), all);
      }
    }
  }
}
