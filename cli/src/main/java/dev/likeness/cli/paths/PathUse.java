package dev.likeness.cli.paths;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks an option or parameter that takes paths, and tells how the command uses them. Every such
 * option has this mark: {@link CommandPaths} checks only marked options.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface PathUse {
  /** Returns the use of the path. */
  Use value();

  /** Returns true if an empty text stands for a file of the base. */
  boolean mayBeEmpty() default false;

  /** Returns the text that is no path but the name of something else; empty for none. */
  String except() default "";

  /** The uses of a path. */
  enum Use {
    /** A file or folder that the command reads. If it is a folder, it reads everything in it. */
    READ,
    /**
     * A photo, or a folder of photos. The command reads the files in it and in folders such as
     * 10_NAME.
     */
    PHOTOS,
    /** A file or folder that the command writes; {@link WritesFiles#outputs} describes it. */
    WRITTEN,
    /** The folder of an encrypted store. The command reads it and changes its own files. */
    STORE,
    /** A key file: read if it exists, otherwise created. */
    KEY
  }
}
