package dev.likeness.headshots.person;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.FaceGuidance;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * A person with the data of its photos: what the photos showed, the words that prompts need, and
 * how face guidance is added. Identities of other kinds may implement it; all answers have
 * defaults.
 */
public interface PhotoPerson extends Identity {
  /**
   * {@return the person as headshots know it: {@code person} itself, or else what the metadata of
   * its file says}
   *
   * @param person any identity
   */
  static PhotoPerson of(Identity person) {
    return person instanceof PhotoPerson known ? known : new FilePerson(person);
  }

  /** {@return the face embeddings that face guidance may follow, of any embedder} */
  default List<FaceEmbeddings> guidanceFaces() {
    return List.of();
  }

  /**
   * {@return the adapter with face guidance, as a function of the identity strength, 0 to 1}
   * Without an own answer, face guidance is not added.
   *
   * @param guidance the face guidance
   * @param faces face embeddings of the person by the guidance's embedder, at least one
   */
  default DoubleFunction<Adapter> guidedBy(FaceGuidance guidance, List<float[]> faces) {
    return this::at;
  }

  /** {@return the light that the photos share; its words are empty if it is unknown} */
  default PersonRecord.SharedLight sharedLight() {
    return PersonRecord.EMPTY.light();
  }

  /**
   * {@return the instruction to put before a prompt; empty if the base needs none} For a base that
   * edits images, it says to keep the face in the images, but not their clothes, pose and
   * background.
   */
  default String instruction() {
    return "";
  }

  /** {@return the persons given by reference images; empty for other kinds of persons} */
  default List<ReferenceImagesPerson> people() {
    return List.of();
  }

  /** {@return true if the person was trained, alone or beside reference images} */
  default boolean isTrained() {
    return true;
  }
}
