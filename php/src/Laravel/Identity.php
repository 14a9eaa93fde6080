<?php

declare(strict_types=1);

namespace Skein\Laravel;

use Illuminate\Contracts\Auth\Authenticatable;

/** The site's users as Skein names them. */
final class Identity
{
    /**
     * @param  list<string>  $nameAttributes  Of the user model; the first that is not empty counts
     * @param  list<string>  $avatarAttributes
     */
    public function __construct(
        private readonly array $nameAttributes,
        private readonly array $avatarAttributes,
    ) {
    }

    public static function idOf(object $user): string
    {
        return (string) (method_exists($user, 'getAuthIdentifierForBroadcasting')
            ? $user->getAuthIdentifierForBroadcasting()
            : $user->getAuthIdentifier());
    }

    /** @return array{name?: string, avatar?: string} */
    public function shownOf(Authenticatable $user): array
    {
        return array_filter([
            'name' => $this->first($user, $this->nameAttributes),
            'avatar' => $this->first($user, $this->avatarAttributes),
        ]);
    }

    private function first(Authenticatable $user, array $attributes): ?string
    {
        foreach ($attributes as $attribute) {
            $value = $user->{$attribute} ?? null;

            if (is_scalar($value) && (string) $value !== '') {
                return (string) $value;
            }
        }

        return null;
    }
}
