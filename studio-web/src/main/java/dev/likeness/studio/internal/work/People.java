package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.RetentionPolicy;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The people of the store. */
public final class People {
  private static final int MAX_NAME = 100;
  private static final String TEXT_VERSION = "studio-1";

  private final Studio studio;
  private final SubjectStore store;

  People(Studio studio, SubjectStore store) {
    this.studio = studio;
    this.store = store;
  }

  /** Returns the subject of an id. */
  Subject subject(String id) {
    return store.subjects().stream()
        .filter(subject -> subject.id().equals(id))
        .findFirst()
        .orElseThrow(
            () -> new UnknownResourceException("this person is not in the store, or was erased"));
  }

  List<Subject> subjects() {
    return store.subjects();
  }

  /**
   * Adds a person with the consent that was given on the page.
   *
   * @param name the person in the photos
   * @param giver who agreed, if not the person; may be empty
   * @param isSample true for sample photos of a person who does not exist
   */
  public Map<String, Object> create(String name, String giver, boolean isSample) {
    if (isSample) {
      return describe(store.create(Consent.synthetic()));
    }
    requireName(name, "the name of the person in the photos");
    String who = name.strip();
    Consent consent = Consent.of(who + " agreed in the studio that photos are kept encrypted until"
            + " the training ends, that a model of the face is trained, and that headshots are"
            + " generated and kept until they are erased")
        .person(who);
    Consent given = giver.isBlank() ? consent : consent.givenBy(requireName(giver, "the name"));
    return describe(store.create(new Consent(
        given.person(),
        given.givenBy(),
        given.purposes(),
        TEXT_VERSION,
        given.givenAt(),
        given.text())));
  }

  private static String requireName(String name, String what) {
    if (name.isBlank() || name.length() > MAX_NAME) {
      throw new InvalidInputException(
          what + " must have 1 to " + MAX_NAME + " characters; give a name");
    }
    return name.strip();
  }

  /** Returns all people, with those that the key does not open marked as locked. */
  public List<Map<String, Object>> list() {
    List<Map<String, Object>> people = new ArrayList<>();
    for (Subject subject : store.subjects()) {
      try {
        people.add(describe(subject));
      } catch (LikenessException locked) {
        people.add(Map.of("id", subject.id(), "locked", true, "message", locked.getMessage()));
      }
    }
    return people;
  }

  /** Returns one person. */
  public Map<String, Object> describe(String id) {
    return describe(subject(id));
  }

  private Map<String, Object> describe(Subject subject) {
    Consent consent = subject.consent();
    Map<DataCategory, Integer> counts = subject.counts();
    Map<String, Object> person = new LinkedHashMap<>();
    person.put("id", subject.id());
    person.put("sample", consent.isSynthetic());
    person.put("name", consent.isSynthetic() ? "" : consent.personName().orElse(""));
    person.put("consent", consent.text());
    person.put("consent_given", consent.givenAt().toString());
    person.put("photos", counts.getOrDefault(DataCategory.PHOTOS, 0));
    person.put("images", Images.count(subject));
    person.put("trained", studio.isReady(subject));
    person.put("identities", studio.identities(subject));
    person.put("training", studio.trainings().state(subject));
    person.put("shooting", studio.shoots().isBusy(subject));
    person.put("likeness", studio.checks().likeness(subject));
    Map<String, Object> kept = new LinkedHashMap<>();
    for (DataCategory category : DataCategory.values()) {
      subject
          .keptFor(category)
          .ifPresent(left -> kept.put(category.label(), Instant.now().plus(left).toString()));
    }
    person.put("kept_until", kept);
    return person;
  }

  /**
   * Measures the likeness of the person's headshots that are not measured yet.
   *
   * @return the likeness as far as it is known, as in the description of the person
   */
  public Map<String, Object> measure(String id) {
    Subject subject = subject(id);
    if (!studio.workshop().isReady(subject)) {
      throw new IllegalStateException("this person has not been trained; train first");
    }
    studio.checks().request(subject);
    return studio.checks().likeness(subject);
  }

  /** Erases a person and returns the receipt as JSON. */
  public String erase(String id) {
    Subject subject = subject(id);
    studio.forget(subject);
    String receipt = subject.erase().toJson();
    studio.publish("person-" + id, Map.of("type", "people"));
    return receipt;
  }

  /** Returns how long each category of data is kept, in days. */
  public Map<String, Object> retention() {
    RetentionPolicy policy = store.retention();
    Map<String, Object> days = new LinkedHashMap<>();
    for (DataCategory category : DataCategory.values()) {
      RetentionPolicy.Limit limit = policy.limits().get(category);
      days.put(
          category.label(),
          Map.of(
              "days_after_training", limit.afterPurpose().toDays(),
              "days_after_use", limit.afterUse().toDays()));
    }
    return days;
  }
}
