package dev.likeness.cli.command;

import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks an option that takes the file or folder of a model. Beside paths, it takes the names that
 * {@link ModelPlaces#find} knows.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
@interface ModelFile {
  /** Returns the roles that fit; none if the catalogue has no such model. */
  Role[] value() default {};
}
